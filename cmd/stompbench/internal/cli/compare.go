package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// exitCondition is the exit code if a condition of --fail-if is true: that of an SLO that was not
// met.
const exitCondition = 99

// comparing is the values of the flags of compare.
type comparing struct {
	failIf       []compare.Condition
	json, anyway bool
	skip         time.Duration
}

func newCompareFlags() (*pflag.FlagSet, *comparing) {
	s := &comparing{}
	f := newFlagSet("compare")
	f.Var(&value{kind: "CONDITION", set: func(text string) error {
		condition, err := compare.ParseCondition(text)
		s.failIf = append(s.failIf, condition)
		return err
	}}, "fail-if", "such as 'from_due.p99>+10%': makes the exit code 99 if it comes true; may be repeated")
	skip := parsed(&s.skip, parseDuration)
	skip.kind = "TIME"
	f.Var(skip, "skip", "leave out the beginning of each run")
	addSwitch(f, &s.anyway, "anyway", "", "compare runs whose plans differ")
	addSwitch(f, &s.json, "json", "", "write one JSON object")
	return f, s
}

// compare is the verb compare: it separates the difference of two sides of results from noise.
func (c *command) compare(_ context.Context, args []string) int {
	f, s := newCompareFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	if f.NArg() != 2 {
		return c.fail(usage("compare takes two sides, and there are %d: each is a folder that --out wrote, one that holds several of them, or several with commas between", f.NArg()))
	}
	a, err := readSide(f.Arg(0))
	if err != nil {
		return c.fail(err)
	}
	b, err := readSide(f.Arg(1))
	if err != nil {
		return c.fail(err)
	}
	if differences := compare.Differences(append(a[:len(a):len(a)], b...)...); len(differences) > 0 && !s.anyway {
		return c.fail(usage("the runs measured different things: %s: give --anyway to compare them all the same", strings.Join(differences, ", ")))
	}
	all, err := compare.Compare(a, b, compare.Options{Skip: s.skip.Seconds()})
	if err != nil {
		return c.fail(err)
	}
	return c.tellComparison(all, s.failIf, s.json)
}

// tellComparison writes the table, or the JSON object, and the conditions that are true.
func (c *command) tellComparison(all *compare.Comparison, conditions []compare.Condition, asJSON bool) int {
	failed := []string{}
	for i := range conditions {
		if holds, why := conditions[i].Holds(all); holds {
			failed = append(failed, why)
		}
	}
	var err error
	if asJSON {
		err = report.WriteObject(c.stdout, struct {
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

// below returns the folders of results inside a folder that is not a result itself.
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

// escapeGlob escapes the characters that are special in a pattern of filepath.Glob.
func escapeGlob(path string) string {
	if filepath.Separator == '\\' {
		return path // on Windows a backslash is not an escape
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
