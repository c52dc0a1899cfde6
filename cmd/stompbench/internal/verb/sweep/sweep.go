// Package sweep is the verb sweep: it makes a run for each value of one flag, and puts the results
// into one table.
//
// Imports: packages flags, verb and verb/batch, and the reports and metrics of stompbench.
package sweep

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
)

// sameInAll are the flags that are the same in all steps.
var sameInAll = append([]string{"over", "uri", "header", "source-address", "slo", "scenario", "dry-run", "out", "json", "quiet",
	"accept-generator-limit", "help"}, flags.TLS...)

// settings are the values of the flags of sweep.
type settings struct {
	*flags.Load
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
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b := &batch.Batch{Env: env, Load: s.Load, File: "sweep.json"}
		if err := s.addSteps(b, cmd); err != nil {
			return err
		}
		return s.run(cmd.Context(), b)
	}
	s.addFlags(flags.New(cmd.Flags()))
	return cmd
}

func (s *settings) addFlags(f *flags.Set) *flags.Load {
	own, all := flags.NewLoad()
	s.Load = own
	f.Add("over", "", "the flag to go over, and its values: size=128,1k,16k; confirm=1..1000*10 for 1, 10, 100, 1000; 10..50+20 for 10, 30, 50",
		flags.Parsed(&s.over, "FLAG=VALUES", func(text string) (Over, error) {
			return ParseOver(text, func(name string) string {
				if flag := f.Lookup(name); flag != nil && !slices.Contains(sameInAll, name) {
					return flag.Value.Type()
				}
				return ""
			})
		}))
	f.BorrowAll(all, "run-id", "await")
	f.Lookup("duration").Usage = "how long to send with each value; without a unit, seconds"
	f.Lookup("count").Usage = "send this many messages with each value, however long it takes; k, M"
	f.Lookup("out").Usage = "keep the results there: sweep.json, sweep.csv, and a folder for each value"
	return own
}

// addSteps adds a step for each value: the flags of the command with the value on top, so that a step
// is exactly what run would do.
func (s *settings) addSteps(b *batch.Batch, cmd *cobra.Command) error {
	if err := s.Read(cmd); err != nil {
		return err
	}
	flag := s.over.Flag
	switch {
	case flag == "":
		return flags.Usage("what is the sweep to go over? Write --over and a flag with its values, such as --over size=128,1k,16k")
	case cmd.Flags().Changed(flag):
		return flags.Usage("--%s and --over %s contradict each other: leave one of them out", flag, flag)
	}
	for i, value := range s.over.Values {
		one, err := batch.NewSide(flag+" "+value, cmd.Flags(), s.Plan.Seed, new(settings).addFlags, func(f *pflag.FlagSet) error {
			if err := f.Set(flag, value); err != nil {
				return flags.Usage("--over: %v", flags.Explain(cmd, err))
			}
			return nil
		})
		if err != nil {
			return err
		}
		b.Sides = append(b.Sides, one)
		b.Turns = append(b.Turns, &batch.Turn{Scenario: value, Side: one, First: i == 0, Title: one.Title, Folder: folder(i, flag, value)})
	}
	return nil
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

// run makes the runs against one broker, and writes their table.
func (s *settings) run(ctx context.Context, b *batch.Batch) error {
	first := &b.Sides[0].Plan
	if s.DryRun {
		var steps []plannedStep
		for _, t := range b.Turns {
			steps = append(steps, plannedStep{t.Scenario, verb.PlanOf(t.Side.Load, t.Side.Notes)})
		}
		return b.TellPlan(map[string]any{"over": s.over.String(), "steps": steps}, fmt.Sprintf("  %-10s  %s\n", "over", s.over))
	}
	if err := b.Prepare(); err != nil {
		return err
	}
	own, err := verb.Embed(ctx, first)
	if err != nil {
		return err
	}
	defer verb.CloseOwn(own)
	for _, side := range b.Sides {
		side.Plan.Broker = first.Broker
	}
	fmt.Fprintf(b.Progress(s.Quiet), "  broker  %s\n  over    %s, %s each\n", verb.BrokerName(first, load.Ready{}), s.over, verb.Until(first))
	code, err := b.Run(ctx)
	if err != nil {
		return err
	}
	rep := &sweepReport{
		Schema: 1, Tool: "stompbench sweep", Version: verb.Version(), Broker: first.Broker.String(), Over: s.over.String(),
		Partial: b.Ended || code == verb.ExitInterrupted, ExitCode: code,
	}
	for _, t := range b.Turns {
		if t.Made || t.Trouble != "" {
			rep.Steps = append(rep.Steps, stepOf(t))
		}
	}
	text := func() string {
		if rep.Partial {
			return fmt.Sprintf("PARTIAL RESULT: interrupted after %d of %d steps\n\n", len(rep.Steps), len(b.Turns)) + Table(s.over, rep.Steps)
		}
		return Table(s.over, rep.Steps)
	}
	return b.Conclude(b.Load, code, text, b.File, rep, results.File{Name: "sweep.csv", Write: func(w io.Writer) error { return WriteCSV(w, s.over, rep.Steps) }})
}

// sweepReport is the JSON form.
type sweepReport struct {
	Schema   int    `json:"schema"`
	Tool     string `json:"tool"`
	Version  string `json:"version"`
	Broker   string `json:"broker"` // without the password
	Over     string `json:"over"`
	Partial  bool   `json:"partial"` // not all steps were carried out
	ExitCode int    `json:"exit_code"`
	Steps    []Step `json:"steps"`
}

// plannedStep is a step of what --dry-run --json writes.
type plannedStep struct {
	Value string `json:"value"`
	verb.PlannedRun
}
