package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/sweep"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// notForSweep are the flags of run that sweep does not have.
var notForSweep = []string{"help", "help-all", "version", "prometheus", "prometheus-wait", "repeat", "interleave", "pause", "run-id", "await"}

// notToSweep are the flags of sweep that are the same in all its steps.
var notToSweep = append([]string{"over", "uri", "header", "source-address", "slo", "scenario", "dry-run", "out", "json", "quiet", "accept-generator-limit", "help"}, flags.TLS...)

// sweeping is the values of the flags of sweep, for one step or for none.
type sweeping struct {
	*flags.Load
	over sweep.Over
	// value is the value of the step, notes the notes on its plan.
	value string
	notes []string
}

func newSweepFlags() (*pflag.FlagSet, *sweeping) {
	common, all := flags.NewLoad()
	s := &sweeping{Load: common}
	f := newFlagSet("sweep")
	flags.New(f).Add("over", "", "the flag to go over, and its values: size=128,1k,16k; confirm=1..1000*10 for 1, 10, 100, 1000; 10..50+20 for 10, 30, 50",
		flags.Parsed(&s.over, "FLAG=VALUES", func(text string) (sweep.Over, error) {
			return sweep.ParseOver(text, func(name string) string { return kindToSweep(f, name) })
		}))
	all.VisitAll(func(flag *pflag.Flag) {
		if !slices.Contains(notForSweep, flag.Name) {
			f.AddFlag(flag)
		}
	})
	f.Lookup("duration").Usage = "how long to send with each value; without a unit, seconds"
	f.Lookup("count").Usage = "send this many messages with each value, however long it takes; k, M"
	f.Lookup("out").Usage = "keep the results there: sweep.json, sweep.csv, and a folder for each value"
	return f, s
}

// kindToSweep returns the kind of a flag's values, "" if a sweep cannot go over it.
func kindToSweep(f *pflag.FlagSet, name string) string {
	flag := f.Lookup(name)
	if flag == nil || slices.Contains(notToSweep, name) {
		return ""
	}
	return flag.Value.Type()
}

// sweepSteps parses the command line once for each value, so that a step is exactly what run would
// do.
func (c *command) sweepSteps(args []string) ([]*sweeping, error) {
	f, first := newSweepFlags()
	if err := first.read(c, f, args, ""); err != nil {
		return nil, err
	}
	if len(first.over.Values) == 0 {
		return nil, usage("what is the sweep to go over? Write --over and a flag with its values, such as --over size=128,1k,16k")
	}
	if f.Changed(first.over.Flag) {
		return nil, usage("--%s and --over %s contradict each other: leave one of them out", first.over.Flag, first.over.Flag)
	}
	steps := make([]*sweeping, len(first.over.Values))
	for i, v := range first.over.Values {
		f, s := newSweepFlags()
		if err := s.read(c, f, args, v); err != nil {
			return nil, err
		}
		if !f.Changed("seed") {
			s.Plan.Seed = first.Plan.Seed
		}
		var err error
		if s.notes, err = s.Complete(f); err != nil {
			return nil, err
		}
		steps[i] = s
	}
	return steps, nil
}

// read applies the command line, the environment and the scenario, and then the value of a step,
// unless it is "".
func (s *sweeping) read(c *command, f *pflag.FlagSet, args []string, v string) error {
	if err := f.Parse(args); err != nil {
		return asUsage(err)
	}
	if f.NArg() > 0 && strings.Contains(f.Arg(0), "=") {
		return usage("%q is not a flag: write --over %s", f.Arg(0), f.Arg(0))
	}
	if err := s.Load.Read(c.with(f)); err != nil || v == "" {
		return err
	}
	s.value = v
	if err := f.Set(s.over.Flag, v); err != nil {
		return usage("--over: %v", flags.Explain(c.cobra, err))
	}
	return nil
}

// sweep is the verb sweep.
func (c *command) sweep(ctx context.Context, args []string) int {
	f, _ := newSweepFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	steps, err := c.sweepSteps(args)
	if err != nil {
		return c.fail(err)
	}
	first := steps[0]
	if first.DryRun {
		return c.tellSweepPlan(steps)
	}
	keepers, err := keepSteps(steps)
	if err != nil {
		return c.fail(err)
	}
	own, err := verb.Embed(ctx, &first.Plan)
	if err != nil {
		return c.fail(err)
	}
	defer verb.CloseOwn(own)
	progress := c.progress(first.Quiet)
	fmt.Fprintf(progress, "  broker  %s\n  over    %s, %s each\n\n", verb.BrokerName(&first.Plan, load.Ready{}), first.over, verb.Until(&first.Plan))
	done, err := runSweep(ctx, steps, keepers, progress)
	if err != nil {
		return c.fail(err)
	}
	return c.tellSweep(ctx, first, done)
}

// runSweep carries out one step after the other. If the first step cannot start, it returns an
// error; if a later one cannot, that is a row of the table.
func runSweep(ctx context.Context, steps []*sweeping, keepers []*verb.Keeper, progress io.Writer) (done []sweep.Step, err error) {
	for i, s := range steps {
		s.Plan.Broker, s.Plan.Embedded = steps[0].Plan.Broker, steps[0].Plan.Embedded
		step, err := s.step(ctx, keepers[i])
		switch {
		case ctx.Err() != nil && step.Result == nil:
			return done, nil
		case err != nil && i == 0:
			return nil, err
		case err != nil:
			step.Failure, step.ExitCode = verb.Sentence(err), verb.ExitCannotRun
		}
		done = append(done, step)
		fmt.Fprintf(progress, "  %s %s: %s\n", s.over.Flag, s.value, step.Line())
		if ctx.Err() != nil {
			return done, nil
		}
	}
	return done, nil
}

// step sends with one of the values.
func (s *sweeping) step(ctx context.Context, k *verb.Keeper) (sweep.Step, error) {
	out := sweep.Step{Value: s.value}
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

// keepSteps checks that results can be written before the first step.
func keepSteps(steps []*sweeping) ([]*verb.Keeper, error) {
	out := make([]*verb.Keeper, len(steps))
	for i, s := range steps {
		dir := ""
		if s.Out != "" {
			dir = filepath.Join(s.Out, stepFolder(i, s.over.Flag, s.value))
		}
		var err error
		if out[i], err = verb.KeepIn(dir); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// stepFolder returns the folder name of a step: sorted by number, and without characters that are
// special to a file system or shell.
func stepFolder(i int, flag, value string) string {
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
	Schema   int          `json:"schema"`
	Tool     string       `json:"tool"`
	Version  string       `json:"version"`
	Broker   string       `json:"broker"` // without the password
	Over     string       `json:"over"`
	Partial  bool         `json:"partial"` // not all steps were carried out
	ExitCode int          `json:"exit_code"`
	Steps    []sweep.Step `json:"steps"`
}

// tellSweep writes the table.
func (c *command) tellSweep(ctx context.Context, s *sweeping, steps []sweep.Step) int {
	codes := make([]int, len(steps))
	for i := range steps {
		codes[i] = steps[i].ExitCode
	}
	rep := sweepReport{
		Schema: 1, Tool: "stompbench sweep", Version: verb.Version(), Broker: s.Plan.Broker.String(), Over: s.over.String(),
		Partial: ctx.Err() != nil, ExitCode: verb.Worst(codes...), Steps: append([]sweep.Step{}, steps...),
	}
	if rep.Partial && rep.ExitCode == verb.ExitOK {
		rep.ExitCode = verb.ExitInterrupted
	}
	text := ""
	if rep.Partial {
		text = fmt.Sprintf("PARTIAL RESULT: interrupted after %d of %d steps\n", len(steps), len(s.over.Values))
	}
	var err error
	if s.JSON {
		err = report.WriteObject(c.stdout, rep)
	} else {
		_, err = io.WriteString(c.stdout, text+"\n"+sweep.Table(s.over, steps))
	}
	if err == nil && s.Out != "" {
		err = rep.keep(s.Out, s.over)
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	}
	return rep.ExitCode
}

// keep writes the table into a folder.
func (r *sweepReport) keep(dir string, over sweep.Over) error {
	object := func(w io.Writer) error { return report.WriteObject(w, r) }
	table := func(w io.Writer) error { _, err := io.WriteString(w, sweep.CSV(over, r.Steps)); return err }
	return errors.Join(
		results.WriteFile(filepath.Join(dir, "sweep.csv"), table),
		results.WriteFile(filepath.Join(dir, "sweep.json"), object))
}

// plannedStep is a step of what --dry-run --json writes.
type plannedStep struct {
	Value string `json:"value"`
	verb.PlannedRun
}

// tellSweepPlan writes what a sweep would do.
func (c *command) tellSweepPlan(steps []*sweeping) int {
	first := steps[0]
	if first.JSON {
		out := struct {
			Over  string        `json:"over"`
			Steps []plannedStep `json:"steps"`
		}{Over: first.over.String()}
		for _, s := range steps {
			out.Steps = append(out.Steps, plannedStep{s.value, verb.PlanOf(s.Load, s.notes)})
		}
		return c.printObject(out)
	}
	var r verb.Rows
	r.Broker(&first.Plan)
	r.Add("over", "%s", first.over)
	for _, s := range steps {
		fmt.Fprintf(&r, "\n  %s %s\n", s.over.Flag, s.value)
		r.Plan(&s.Plan, s.notes)
		r.Add("needs", "%s", verb.Needs(&s.Plan))
	}
	return c.print(r.String())
}
