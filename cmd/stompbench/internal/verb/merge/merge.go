// Package merge is the verb merge: it makes one result of those of several processes.
package merge

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of merge.
type settings struct {
	out  string
	json bool
	slo  slo.SLO
}

// Command makes the verb merge.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use: "merge DIR...", Short: "make one result of what several machines did at the same time, or as parts of one run", ValidArgsFunction: verb.Directories,
		RunE: func(_ *cobra.Command, args []string) error { return s.run(env, args) },
	}
	f := flags.New(cmd.Flags())
	f.Add("out,o", "", "folder for the sum", flags.Text(&s.out, "DIR"))
	f.Add("slo", "", "what all of them together are to achieve, besides what the parts of a run were given; exit code 99 if they do not", flags.SLO(&s.slo))
	f.Add("json", "false", "write the sum's report as one JSON object", flags.Switch(&s.json))
	return cmd
}

// run adds up the results of several machines, closes their common books, and reports the sum as one
// run.
func (s *settings) run(env *verb.Env, args []string) error {
	if s.out == "" {
		return flags.Usage("merge needs a folder for the sum: give --out")
	}
	parts, err := verb.ReadAll(args)
	if err != nil {
		return err
	}
	sum, err := results.Merge(parts)
	if err != nil {
		return err
	}
	if err := s.judge(sum); err != nil {
		return err
	}
	if err := results.Prepare(s.out); err != nil {
		return err
	}
	if err := verb.WriteFolder(s.out, sum); err != nil {
		return err
	}
	if err := env.PrintReport(s.json, sum); err != nil {
		return err
	}
	return verb.Code(sum.ExitCode)
}

// judge judges the sum by the conditions that the parts deferred, and by those of the command line.
func (s *settings) judge(sum *results.Result) error {
	sum.DeferSLO(s.slo.String())
	if sum.SLODeferred == "" {
		return nil
	}
	demands, err := slo.Parse(sum.SLODeferred)
	if err != nil {
		return fmt.Errorf("slo_deferred is damaged: %w", err)
	}
	sum.SLO, sum.SLODeferred = demands.Judge(sum), ""
	if !slo.Met(sum.SLO) {
		sum.ExitCode = exit.Worst(sum.ExitCode, exit.SLO)
	}
	return nil
}
