// Package sweep is the verb sweep: it makes a run for each value of one flag, and puts the results
// into one table.
//
// Imports: packages flags, verb and verb/batch, and the reports and metrics of stompbench.
package sweep

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
)

// sameInAll are the flags that are the same in all steps.
var sameInAll = append([]string{"over", "uri", "header", "source-address", "slo", "scenario", "dry-run", "out", "json", "quiet",
	"accept-generator-limit", "help"}, flags.TLS...)

// settings are the values of the flags of sweep, and the runs that follow from them.
type settings struct {
	batch.Batch
	over Over
}

// Command makes the verb sweep.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use: "sweep", Short: "run once for each value of a flag, and put the results into one table",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && strings.Contains(args[0], "=") {
				return flags.Usage("%.64q is not a flag: write --over %.64s", args[0], args[0])
			}
			return verb.NoArgs(cmd, args)
		},
	}
	s.addFlags(flags.New(cmd.Flags()))
	s.Env = env
	cmd.RunE = env.RunE(s.Load, verb.Steps{Complete: s.complete, Plan: s.plan, Text: s.text, Run: s.run})
	return cmd
}

func (s *settings) addFlags(f *flags.Set) *flags.Load {
	own, all := flags.NewLoad()
	s.Load = own
	kind := func(name string) string {
		if flag := f.Lookup(name); flag != nil && !slices.Contains(sameInAll, name) {
			return flag.Value.Type()
		}
		return ""
	}
	f.Add("over", "", "the flag to go over, and its values: size=128,1k,16k; confirm=1..1000*10 for 1, 10, 100, 1000; 10..50+20 for 10, 30, 50",
		flags.Parsed(&s.over, "FLAG=VALUES", func(text string) (Over, error) { return ParseOver(text, kind) }))
	f.BorrowAll(all, "run-id", "await")
	f.Lookup("duration").Usage = "how long to send with each value; without a unit, seconds"
	f.Lookup("count").Usage = "send this many messages with each value, however long it takes; k, M"
	f.Lookup("out").Usage = "keep the results there: sweep.json, sweep.csv, and a folder for each value"
	return own
}

// complete adds a step for each value: the flags of the command with the value on top, so that a step
// is exactly what run would do.
func (s *settings) complete(common *pflag.FlagSet) (notes []string, err error) {
	flag := s.over.Flag
	switch {
	case flag == "":
		return nil, flags.Usage("what is the sweep to go over? Write --over and a flag with its values, such as --over size=128,1k,16k")
	case common.Changed(flag):
		return nil, flags.Usage("--%s and --over %s contradict each other: leave one of them out", flag, flag)
	}
	for i, value := range s.over.Values {
		side, err := batch.NewSide(flag+" "+value, common, s.Plan.Seed, new(settings).addFlags, func(f *pflag.FlagSet) error {
			if err := f.Set(flag, value); err != nil {
				return flags.Usage("--over: %v", flags.Explain(nil, err))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		s.Sides = append(s.Sides, side)
		s.Turns = append(s.Turns, &batch.Turn{Scenario: value, Side: side, First: i == 0, Title: side.Title, Folder: folder(i, flag, value)})
	}
	return nil, nil
}

// folder returns the folder name of a step: sorted by number, and without characters that are
// special to a file system or shell.
func folder(i int, flag, value string) string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/\\:*?\"'<>|$&;() %", r) || r < ' ' {
			return '_'
		}
		return r
	}, value)
	return fmt.Sprintf("%02d-%s-%.40s", i+1, flag, plain)
}

// planned is what --dry-run --json writes.
type planned struct {
	Over  string        `json:"over"`
	Steps []plannedStep `json:"steps"`
}

type plannedStep struct {
	Value string `json:"value"`
	verb.PlannedRun
}

func (s *settings) plan([]string) any {
	out := planned{Over: s.over.String()}
	for _, t := range s.Turns {
		out.Steps = append(out.Steps, plannedStep{t.Scenario, verb.PlanOf(t.Side.Load, t.Side.Notes)})
	}
	return out
}

func (s *settings) text([]string) string { return s.Text(fmt.Sprintf("  %-10s  %s\n", "over", s.over)) }

// run makes the runs, and writes their table.
func (s *settings) run(ctx context.Context) error {
	const name = "sweep.json"
	if err := s.Prepare(name); err != nil {
		return err
	}
	first := &s.Sides[0].Plan
	var r verb.Rows
	r.Broker(first, nil)
	r.Add("over", "%s, %s each", s.over, verb.Until(first))
	fmt.Fprint(s.Progress(s.Quiet), &r)
	code, err := s.Run(ctx)
	if err != nil {
		return err
	}
	rep := &sweepReport{Head: verb.HeadOf("sweep", nil), Broker: first.Broker.String(), Over: s.over.String(), flag: s.over.Flag, planned: len(s.Turns)}
	rep.Partial, rep.ExitCode = s.Ended, code
	for _, t := range s.Turns {
		if !t.Made && t.Trouble == "" {
			continue
		}
		step := Step{Value: t.Scenario, ExitCode: t.ExitCode, Failure: t.Trouble}
		if t.Made {
			step.Result, step.Failure = t.Result.Summary(), t.Result.Failure
		}
		rep.Steps = append(rep.Steps, step)
	}
	return s.Conclude(s.Load, code, rep.Table, name, rep, results.File{Name: "sweep.csv", Write: rep.WriteCSV})
}

// sweepReport is the result of a sweep, in its JSON form.
type sweepReport struct {
	verb.Head
	Broker string `json:"broker"` // without the password
	Over   string `json:"over"`
	Steps  []Step `json:"steps"`

	flag    string
	planned int // steps
}
