package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// merging is what the flags of merge say.
type merging struct {
	out  string
	json bool
}

func newMergeFlags() (*pflag.FlagSet, *merging) {
	s := &merging{}
	f := newFlagSet("merge")
	out := parsed(&s.out, asIs)
	out.kind = "DIR"
	f.VarP(out, "out", "o", "folder for the sum")
	addSwitch(f, &s.json, "json", "", "write the sum's report as one JSON object")
	return f, s
}

// merge is the verb merge: it adds up what several machines did at the same time,
// and tells the sum as if one had done it.
func (c *command) merge(_ context.Context, args []string) int {
	f, s := newMergeFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	if s.out == "" {
		return c.fail(usage("merge needs a folder for the sum: give --out"))
	}
	parts, err := readAll(f.Args())
	if err != nil {
		return c.fail(err)
	}
	sum, err := results.Merge(parts)
	if err != nil {
		var not *results.MergeError
		if errors.As(err, &not) {
			err = usage("%v", err)
		}
		return c.fail(err)
	}
	if err := results.Prepare(s.out); err != nil {
		return c.fail(err)
	}
	if err := writeFolder(s.out, sum); err != nil {
		return c.fail(err)
	}
	if s.json {
		err = sum.Report.WriteJSON(c.stdout)
	} else {
		err = sum.WriteText(c.stdout, report.Style{Color: screenOf(c.stdout).color})
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	}
	return sum.ExitCode
}
