package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// exitCondition says that a condition of --fail-if came true. It is the code of an
// SLO that was not met.
const exitCondition = 99

// compare is the verb compare: it tells two sides of results apart from their
// noise.
func (c *command) compare(_ context.Context, args []string) int {
	f := pflag.NewFlagSet("stompbench compare", pflag.ContinueOnError)
	f.Usage = func() {}
	f.BoolP("help", "h", false, "show help")
	failIf := f.StringArray("fail-if", nil, "a condition such as from_due.p99>+10% that makes the exit code 99; may be repeated")
	asJSON := f.Bool("json", false, "write one JSON object")
	anyway := f.Bool("anyway", false, "compare runs whose plans differ")
	var skip float64
	f.Var(&value{kind: "TIME", text: "0", set: func(text string) error {
		d, err := parseDuration(text)
		skip = d.Seconds()
		return err
	}}, "skip", "leave out the beginning of each run")
	if code, done := c.parse(f, args); done {
		return code
	}
	if f.NArg() != 2 {
		return c.fail(usage("compare takes two sides, and there are %d: each is a folder that --out wrote, one that holds several of them, or several with commas between", f.NArg()))
	}
	conditions, err := parseConditions(*failIf)
	if err != nil {
		return c.fail(err)
	}
	a, err := readSide(f.Arg(0))
	if err != nil {
		return c.fail(err)
	}
	b, err := readSide(f.Arg(1))
	if err != nil {
		return c.fail(err)
	}
	if differences := compare.Differences(append(a[:len(a):len(a)], b...)...); len(differences) > 0 && !*anyway {
		return c.fail(usage("the runs measured different things: %s: give --anyway to compare them all the same", strings.Join(differences, ", ")))
	}
	all, err := compare.Compare(a, b, compare.Options{Skip: skip})
	if err != nil {
		return c.fail(err)
	}
	return c.tellComparison(all, conditions, *asJSON)
}

func parseConditions(texts []string) (all []compare.Condition, err error) {
	for _, text := range texts {
		condition, err := compare.ParseCondition(text)
		if err != nil {
			return nil, usage("--fail-if %v", err)
		}
		all = append(all, condition)
	}
	return all, nil
}

// tellComparison writes the table, or the object, and what failed.
func (c *command) tellComparison(all *compare.Comparison, conditions []compare.Condition, asJSON bool) int {
	failed := []string{}
	for i := range conditions {
		if holds, why := conditions[i].Holds(all); holds {
			failed = append(failed, why)
		}
	}
	var err error
	if asJSON {
		enc := json.NewEncoder(c.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(struct {
			*compare.Comparison
			Failed []string `json:"failed"`
		}{all, failed})
	} else {
		err = all.WriteMarkdown(c.stdout)
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the comparison: %w", err))
	}
	for _, why := range failed {
		fmt.Fprintln(c.stderr, "stompbench: failed:", why)
	}
	if len(failed) > 0 {
		return exitCondition
	}
	return ExitOK
}

// readSide reads the results that an argument names.
func readSide(arg string) ([]*results.Result, error) {
	var paths []string
	for _, path := range strings.Split(arg, ",") {
		paths = append(paths, below(path)...)
	}
	return readAll(paths)
}

// below returns the folders of results in a folder that is none itself.
func below(path string) []string {
	if _, err := os.Stat(filepath.Join(path, results.Name)); err == nil {
		return []string{path}
	}
	inner, err := filepath.Glob(filepath.Join(escapeGlob(path), "*", results.Name))
	if err != nil || len(inner) == 0 {
		return []string{path}
	}
	return inner
}

// escapeGlob takes the meaning from what filepath.Glob has for patterns.
func escapeGlob(path string) string {
	if filepath.Separator == '\\' {
		return path // where a backslash is no escape
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
