package flags

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

const (
	// envPrefix is that of the variables that set flags: STOMPBENCH_CONSUME_FROM for --consume-from.
	envPrefix = "STOMPBENCH_"
	// passcodeEnv is the variable for a password that must not be visible in a list of processes.
	passcodeEnv = envPrefix + "PASSCODE"
)

// onlyTyped are the flags that ask for something other than a run, and that no variable can set.
var onlyTyped = map[string]bool{"help": true, "help-all": true, "version": true}

// ofService matches the variables that Kubernetes sets in every container for a service named
// stompbench or stompbench-something.
var ofService = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// Read applies the environment and then the scenario file to the flags of a command. Flags that are
// set already keep their value.
func (l *Load) Read(cmd *cobra.Command) error {
	if err := fromEnvironment(cmd); err != nil || l.scenario == "" {
		return err
	}
	return ReadScenario(cmd.Flags(), "scenario", l.scenario, nil)
}

// fromEnvironment sets flags that the command line does not set. It refuses a variable that matches
// no flag of any command next to cmd: a run that ignored it would measure something other than
// intended.
func fromEnvironment(cmd *cobra.Command) error {
	flagOf := map[string]string{passcodeEnv: ""}
	for _, any := range cmd.Root().Commands() {
		any.Flags().VisitAll(func(flag *pflag.Flag) {
			flagOf[envPrefix+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))] = flag.Name
		})
	}
	f := cmd.Flags()
	for _, variable := range slices.Sorted(slices.Values(os.Environ())) {
		name, text, _ := strings.Cut(variable, "=")
		flag, known := flagOf[name]
		switch {
		case !strings.HasPrefix(name, envPrefix), ofService.MatchString(name):
		case !known:
			return Usage("environment variable %s stands for no flag: unset it, or see stompbench --help-all for the names", name)
		case text != "" && f.Lookup(flag) != nil && !f.Changed(flag) && !onlyTyped[flag]:
			if err := assign(f, flag, text); err != nil {
				return Usage("environment variable %s: %v", name, err)
			}
		}
	}
	return nil
}

// maxScenario bounds a scenario, which may be a stranger's. Aliases, which can multiply a value
// without bound, are refused.
const maxScenario = 64 << 10

// ReadFile reads a file of at most most bytes that a flag names.
func ReadFile(flag, path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, Usage("--%s cannot be read: %v", flag, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	switch {
	case err != nil:
		return nil, Usage("--%s cannot be read: %v", flag, err)
	case int64(len(text)) > most:
		return nil, Usage("--%s %s has more than %d KiB: name another file", flag, path, most>>10)
	}
	return text, nil
}

// ReadScenario sets flags from a YAML file that a flag names. Its keys are the long names of flags. A
// list sets a repeatable flag several times, and any other flag to a value with commas. Flags that are
// set already keep their value. refuse, which may be nil, returns why the file may not set a flag.
func ReadScenario(f *pflag.FlagSet, flag, path string, refuse func(*pflag.Flag) error) error {
	text, err := ReadFile(flag, path, maxScenario)
	if err != nil {
		return err
	}
	var doc yaml.Node
	file := yaml.NewDecoder(bytes.NewReader(text))
	switch err := file.Decode(&doc); {
	case err == io.EOF: // nothing but comments
		return nil
	case err != nil:
		return Usage("--%s %s is not YAML: %s", flag, path, strings.TrimPrefix(err.Error(), "yaml: "))
	case file.Decode(new(yaml.Node)) != io.EOF:
		return Usage("--%s %s has several YAML documents: write all flags in one", flag, path)
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode && root.Tag != "!!null" {
		return Usage("--%s %s, line %d: write flags as name: value", flag, path, root.Line)
	}
	seen := make(map[string]bool)
	for i := 0; i < len(root.Content); i += 2 {
		key := root.Content[i]
		if key.Kind != yaml.ScalarNode {
			return Usage("--%s %s, line %d: write flags as name: value", flag, path, key.Line)
		}
		err := setEntry(f, key.Value, root.Content[i+1], refuse)
		if seen[key.Value] {
			err = fmt.Errorf("%.64q is there twice: leave one out", key.Value)
		}
		if err != nil {
			return Usage("%s, line %d: %v", path, key.Line, err)
		}
		seen[key.Value] = true
	}
	return nil
}

// setEntry sets one flag. The caller adds the line to its errors.
func setEntry(f *pflag.FlagSet, name string, value *yaml.Node, refuse func(*pflag.Flag) error) error {
	flag := f.Lookup(name)
	switch {
	case flag == nil:
		return fmt.Errorf("there is no flag %.64q%s", name, didYouMean(f, name, ""))
	case onlyTyped[name] || name == "scenario":
		return fmt.Errorf("%s is for the command line only", name)
	case refuse != nil:
		if err := refuse(flag); err != nil {
			return err
		}
	}
	texts, err := scalars(value)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case flag.Changed:
		return nil
	case !flag.Value.(*Value).repeats:
		texts = []string{strings.Join(texts, ",")}
	}
	for _, text := range texts {
		if err := assign(f, name, text); err != nil {
			return err
		}
	}
	return nil
}

// scalars returns the text of a value, or of each value of a list, exactly as written: 0010 is not
// 8, and 1.50 stays 1.50.
func scalars(n *yaml.Node) (out []string, err error) {
	switch plain := n.Anchor == "" && n.Style&yaml.TaggedStyle == 0; {
	case plain && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			texts, err := scalars(item)
			if err != nil {
				return nil, err
			}
			out = append(out, texts...)
		}
		return out, nil
	case plain && n.Tag == "!!null":
		return nil, errors.New("it has no value")
	case plain && n.Kind == yaml.ScalarNode:
		return []string{strings.TrimSpace(n.Value)}, nil
	}
	return nil, errors.New("write a value or a list of values, without anchors, aliases and tags; quote what has a special meaning in YAML")
}
