// Package sweep is the verb sweep: it makes a run for each value of one flag, and puts the results
// into one table.
//
// Imports: packages flags and verb, and the packages of stompbench that make a run and its report.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// sameInAll are the flags that are the same in all steps.
var sameInAll = append([]string{"over", "uri", "header", "source-address", "slo", "scenario", "dry-run", "out", "json", "quiet",
	"accept-generator-limit", "help"}, flags.TLS...)

// settings are the values of the flags of sweep, for one step or for none.
type settings struct {
	*flags.Load
	over  Over
	value string   // of the step
	notes []string // on its plan
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
		steps, err := s.steps(cmd)
		if err != nil {
			return err
		}
		return (&sweep{Env: env, settings: s, steps: steps}).run(cmd.Context())
	}
	s.addFlags(flags.New(cmd.Flags()))
	return cmd
}

func (s *settings) addFlags(f *flags.Set) {
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
}

// steps returns the settings of each step: those of the command with one value on top, so that a step
// is exactly what run would do.
func (s *settings) steps(cmd *cobra.Command) ([]*settings, error) {
	if err := s.Read(cmd); err != nil {
		return nil, err
	}
	switch flag := s.over.Flag; {
	case flag == "":
		return nil, flags.Usage("what is the sweep to go over? Write --over and a flag with its values, such as --over size=128,1k,16k")
	case cmd.Flags().Changed(flag):
		return nil, flags.Usage("--%s and --over %s contradict each other: leave one of them out", flag, flag)
	}
	var all []*settings
	for _, value := range s.over.Values {
		one := &settings{value: value}
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		one.addFlags(flags.New(f))
		one.Plan.Seed = s.Plan.Seed
		err := flags.Replay(f, cmd.Flags())
		if err != nil {
			return nil, err
		}
		if err := f.Set(s.over.Flag, value); err != nil {
			return nil, flags.Usage("--over: %v", flags.Explain(cmd, err))
		}
		if one.notes, err = one.Complete(f); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// sweep is one invocation.
type sweep struct {
	*verb.Env
	*settings
	steps []*settings
}

func (w *sweep) run(ctx context.Context) error {
	if w.DryRun {
		return w.tellPlan()
	}
	keepers, err := w.keepers()
	if err != nil {
		return err
	}
	first := &w.steps[0].Plan
	own, err := verb.Embed(ctx, first)
	if err != nil {
		return err
	}
	defer verb.CloseOwn(own)
	progress := w.Progress(w.Quiet)
	fmt.Fprintf(progress, "  broker  %s\n  over    %s, %s each\n\n", verb.BrokerName(first, load.Ready{}), w.over, verb.Until(first))
	done := make([]Step, 0, len(w.steps))
	for i, s := range w.steps {
		s.Plan.Broker, s.Plan.Embedded = first.Broker, first.Embedded
		step, err := s.step(ctx, keepers[i])
		switch {
		case ctx.Err() != nil && step.Result == nil:
		case err != nil && i == 0:
			return err
		default:
			if err != nil { // a row of the table, not the end of the sweep
				step.Failure, step.ExitCode = verb.Sentence(err), verb.ExitCannotRun
			}
			done = append(done, step)
			fmt.Fprintf(progress, "  %s %s: %s\n", w.over.Flag, s.value, step.Line())
		}
		if ctx.Err() != nil {
			break
		}
	}
	return w.tell(done)
}

// step sends with one of the values.
func (s *settings) step(ctx context.Context, k *verb.Keeper) (Step, error) {
	out := Step{Value: s.value}
	result, err := verb.RunStep(ctx, &s.Plan, k.Sample(func(*load.Sample) {}))
	if err != nil {
		return out, err
	}
	rep := verb.Judge(s.Load, result)
	out.Result, out.ExitCode, out.Failure = rep, rep.ExitCode, rep.Failure
	if err := k.Keep(io.Discard, rep, result); err != nil {
		return out, err
	}
	if !result.Intact() || result.Failure != nil {
		// Otherwise the next step would receive what is left. If draining fails, it counts as
		// foreign there.
		_ = verb.Drain(ctx, &s.Plan)
	}
	return out, nil
}

// keepers checks that results can be written before the first step.
func (w *sweep) keepers() ([]*verb.Keeper, error) {
	out := make([]*verb.Keeper, len(w.steps))
	for i, s := range w.steps {
		dir := ""
		if w.Out != "" {
			dir = filepath.Join(w.Out, folder(i, w.over.Flag, s.value))
		}
		var err error
		if out[i], err = verb.KeepIn(dir); err != nil {
			return nil, err
		}
	}
	return out, nil
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

// tell writes the table. The exit code is that of the worst row.
func (w *sweep) tell(done []Step) error {
	rep := sweepReport{
		Schema: 1, Tool: "stompbench sweep", Version: verb.Version(), Broker: w.steps[0].Plan.Broker.String(), Over: w.over.String(),
		Partial: len(done) < len(w.steps), Steps: done,
	}
	for i := range done {
		rep.ExitCode = verb.Worst(rep.ExitCode, done[i].ExitCode)
		rep.Partial = rep.Partial || done[i].ExitCode == verb.ExitInterrupted
	}
	text := "\n"
	if rep.Partial {
		rep.ExitCode = verb.Worst(rep.ExitCode, verb.ExitInterrupted)
		text = fmt.Sprintf("PARTIAL RESULT: interrupted after %d of %d steps\n\n", len(done), len(w.steps))
	}
	var err error
	if w.JSON {
		err = w.PrintObject(rep)
	} else {
		err = w.Print(text + Table(w.over, done))
	}
	if err == nil && w.Out != "" {
		err = errors.Join(
			results.WriteFile(filepath.Join(w.Out, "sweep.csv"), func(f io.Writer) error { return WriteCSV(f, w.over, done) }),
			results.WriteFile(filepath.Join(w.Out, "sweep.json"), func(f io.Writer) error { return report.WriteObject(f, rep) }))
	}
	if err != nil {
		return verb.Failed(fmt.Errorf("cannot write the result: %w", err), rep.ExitCode)
	}
	return verb.Code(rep.ExitCode)
}

// plannedStep is a step of what --dry-run --json writes.
type plannedStep struct {
	Value string `json:"value"`
	verb.PlannedRun
}

// tellPlan writes what a sweep would do.
func (w *sweep) tellPlan() error {
	if w.JSON {
		out := struct {
			Over  string        `json:"over"`
			Steps []plannedStep `json:"steps"`
		}{Over: w.over.String()}
		for _, s := range w.steps {
			out.Steps = append(out.Steps, plannedStep{s.value, verb.PlanOf(s.Load, s.notes)})
		}
		return w.PrintObject(out)
	}
	var r verb.Rows
	r.Broker(&w.steps[0].Plan)
	r.Add("over", "%s", w.over)
	for _, s := range w.steps {
		fmt.Fprintf(&r, "\n  %s %s\n", s.over.Flag, s.value)
		r.Plan(&s.Plan, s.notes)
		r.Add("needs", "%s", verb.Needs(&s.Plan))
	}
	return w.Print(r.String())
}
