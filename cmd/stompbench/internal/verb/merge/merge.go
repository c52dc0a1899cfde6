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

// Command makes the verb merge.
func Command(env *verb.Env) *cobra.Command {
	var out string
	var asJSON bool
	var demands slo.SLO
	cmd := &cobra.Command{
		Use: "merge DIR...", Short: "make one result of what several machines did at the same time, or as parts of one run", ValidArgsFunction: verb.Directories,
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" {
				return flags.Usage("merge needs a folder for the sum: give --out")
			}
			sum, err := merge(args, demands)
			if err == nil {
				err = results.Prepare(out)
			}
			if err == nil {
				err = verb.WriteFolder(out, sum)
			}
			if err == nil {
				err = env.PrintReport(asJSON, sum)
			}
			if err != nil {
				return err
			}
			return verb.Code(sum.ExitCode)
		},
	}
	f := flags.New(cmd.Flags())
	f.Add("out,o", "", "folder for the sum", flags.Text(&out, "DIR"))
	f.Add("slo", "", "what all of them together are to achieve, besides what the parts of a run were given; exit code 99 if they do not", flags.SLO(&demands))
	f.Add("json", "false", "write the sum's report as one JSON object", flags.Switch(&asJSON))
	return cmd
}

// merge adds up the results of several machines, closes their common books, and judges the sum as one
// run: by the conditions that the parts deferred, and by those of the command line.
func merge(paths []string, demands slo.SLO) (*results.Result, error) {
	parts, err := verb.ReadAll(paths)
	if err != nil {
		return nil, err
	}
	sum, err := results.Merge(parts)
	if err != nil {
		return nil, err
	}
	sum.DeferSLO(demands.String())
	if sum.SLODeferred == "" {
		return sum, nil
	}
	all, err := slo.Parse(sum.SLODeferred)
	if err != nil {
		return nil, fmt.Errorf("slo_deferred is damaged: %w", err)
	}
	sum.SLO, sum.SLODeferred = all.Judge(sum), ""
	if !slo.Met(sum.SLO) {
		sum.ExitCode = exit.Worst(sum.ExitCode, exit.SLO)
	}
	return sum, nil
}
