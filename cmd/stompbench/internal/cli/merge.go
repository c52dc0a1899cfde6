package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// merging is the values of the flags of merge.
type merging struct {
	out  string
	json bool
	slo  slo.SLO
}

func newMergeFlags() (*pflag.FlagSet, *merging) {
	s := &merging{}
	f := newFlagSet("merge")
	out := parsed(&s.out, asIs)
	out.kind = "DIR"
	f.VarP(out, "out", "o", "folder for the sum")
	conditions := parsed(&s.slo, slo.Parse)
	conditions.kind = "CONDITIONS"
	f.VarP(conditions, "slo", "", "what all of them together are to achieve, besides what the parts of a run were given; exit code 99 if they do not")
	addSwitch(f, &s.json, "json", "", "write the sum's report as one JSON object")
	return f, s
}

// merge is the verb merge: it adds up the results of several machines that ran at the same time,
// closes their common books, and reports the sum as one run.
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
	if err := s.judge(sum); err != nil {
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

// judge judges the sum by the conditions that the parts deferred, and by those of the command line.
func (s *merging) judge(sum *results.Result) error {
	sum.DeferSLO(s.slo.String())
	if sum.SLODeferred == "" {
		return nil
	}
	demands, err := slo.Parse(sum.SLODeferred)
	if err != nil {
		return fmt.Errorf("slo_deferred is damaged: %w", err)
	}
	outcomes := demands.Judge(sum)
	sum.SLO, sum.SLODeferred = report.Conditions(outcomes), ""
	if !slo.Met(outcomes) {
		sum.ExitCode = worst(sum.ExitCode, ExitSLO)
	}
	return nil
}
