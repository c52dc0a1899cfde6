package flags

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/pflag"
)

// Bounds of a scenario, which may be a stranger's. The time of the YAML parser grows with the square
// of the number of tokens. Aliases, which can multiply a value without bound, are refused.
const (
	maxScenario = 64 << 10
	maxTokens   = 2000
)

// Scenario is a file that sets flags.
type Scenario struct {
	Flag string // the flag that names the file
	Path string
	// Refuse returns why the file may not set a flag. If nil, it may set all flags; those that are
	// set already keep their value.
	Refuse func(*pflag.Flag) error
}

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

// Apply sets flags from a YAML file that neither the command line nor the environment has set. Its
// keys are the long names of flags. A list sets a repeatable flag several times, and any other flag
// to a value with commas.
func (s Scenario) Apply(f *pflag.FlagSet) error {
	text, err := ReadFile(s.Flag, s.Path, maxScenario)
	if err != nil {
		return err
	}
	tokens := lexer.Tokenize(string(text))
	if len(tokens) > maxTokens {
		return Usage("--%s %s has more than %d words: that is no scenario", s.Flag, s.Path, maxTokens)
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return Usage("--%s %s is not YAML: %s", s.Flag, s.Path, yamlReason(err))
	}
	if len(file.Docs) > 1 {
		return Usage("--%s %s has several YAML documents: write all flags in one", s.Flag, s.Path)
	}
	for _, doc := range file.Docs {
		switch body := doc.Body.(type) {
		case nil, *ast.NullNode, *ast.CommentGroupNode:
		case ast.MapNode:
			for entries := body.MapRange(); entries.Next(); {
				key := entries.Key().GetToken()
				if err := s.set(f, key.Value, entries.Value()); err != nil {
					return Usage("%s, line %d: %v", s.Path, key.Position.Line, err)
				}
			}
		default:
			return Usage("--%s %s, line %d: write flags as name: value", s.Flag, s.Path, body.GetToken().Position.Line)
		}
	}
	return nil
}

// set sets one flag. The caller adds the line to its errors.
func (s Scenario) set(f *pflag.FlagSet, name string, value ast.Node) error {
	flag := f.Lookup(name)
	switch {
	case flag == nil:
		return fmt.Errorf("there is no flag %.64q%s", name, didYouMean(f, name, ""))
	case onlyTyped[name] || name == "scenario":
		return fmt.Errorf("%s is for the command line only", name)
	case s.Refuse != nil:
		if err := s.Refuse(flag); err != nil {
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
func scalars(n ast.Node) (out []string, err error) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		for _, item := range n.Values {
			texts, err := scalars(item)
			if err != nil {
				return nil, err
			}
			out = append(out, texts...)
		}
		return out, nil
	case *ast.NullNode:
		return nil, errors.New("it has no value")
	case *ast.AnchorNode, *ast.TagNode: // scalars to the library
	case ast.ScalarNode:
		if text, ok := n.GetValue().(string); ok {
			return []string{strings.TrimSpace(text)}, nil
		}
		return []string{n.GetToken().Value}, nil
	}
	return nil, errors.New("write a value or a list of values, without anchors, aliases and tags; quote what has a special meaning in YAML")
}

// yamlReason returns the library's error on one line, without its excerpt of the file, which may
// contain a password.
func yamlReason(err error) string {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("line %d: %s", syntax.GetToken().Position.Line, syntax.GetMessage())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}
