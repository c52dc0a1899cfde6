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

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/sweep"
)

// notForSweep are the flags of run that sweep does not have.
var notForSweep = []string{"help", "help-all", "version", "prometheus", "prometheus-wait", "repeat", "interleave", "pause", "run-id", "await"}

// notToSweep are the flags of sweep that are the same in all its steps.
var notToSweep = append([]string{"over", "uri", "header", "source-address", "slo", "scenario", "dry-run", "out", "json", "quiet", "accept-generator-limit", "help"}, tlsFlags...)

// sweeping is the values of the flags of sweep, for one step or for none.
type sweeping struct {
	*settings
	over sweep.Over
	// value is the value of the step, notes the notes on its plan.
	value string
	notes []string
}

func newSweepFlags() (*pflag.FlagSet, *sweeping) {
	all, common := newFlags()
	s := &sweeping{settings: common}
	f := newFlagSet("sweep")
	f.VarP(&value{kind: "FLAG=VALUES", set: func(text string) (err error) {
		s.over, err = sweep.ParseOver(text, func(name string) string { return kindToSweep(f, name) })
		return err
	}}, "over", "", "the flag to go over, and its values: size=128,1k,16k; confirm=1..1000*10 for 1, 10, 100, 1000; 10..50+20 for 10, 30, 50")
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
func sweepSteps(args []string) ([]*sweeping, error) {
	f, first := newSweepFlags()
	if err := first.read(f, args, ""); err != nil {
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
		if err := s.read(f, args, v); err != nil {
			return nil, err
		}
		if !f.Changed("seed") {
			s.plan.Seed = first.plan.Seed
		}
		var err error
		if s.notes, err = s.complete(f); err != nil {
			return nil, err
		}
		steps[i] = s
	}
	return steps, nil
}

// read applies the command line, the environment and the scenario, and then the value of a step,
// unless it is "".
func (s *sweeping) read(f *pflag.FlagSet, args []string, v string) error {
	if err := f.Parse(args); err != nil {
		return asUsage(err)
	}
	if f.NArg() > 0 && strings.Contains(f.Arg(0), "=") {
		return usage("%q is not a flag: write --over %s", f.Arg(0), f.Arg(0))
	}
	if err := s.settings.read(f); err != nil || v == "" {
		return err
	}
	s.value = v
	if err := f.Set(s.over.Flag, v); err != nil {
		return usage("--over: %s", reason(err))
	}
	return nil
}

// sweep is the verb sweep.
func (c *command) sweep(ctx context.Context, args []string) int {
	f, _ := newSweepFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	steps, err := sweepSteps(args)
	if err != nil {
		return c.fail(err)
	}
	first := steps[0]
	if first.dryRun {
		return c.tellSweepPlan(steps)
	}
	keepers, err := keepSteps(steps)
	if err != nil {
		return c.fail(err)
	}
	own, err := embed(ctx, &first.plan)
	if err != nil {
		return c.fail(err)
	}
	defer closeOwn(own)
	progress := c.progress(first.quiet)
	fmt.Fprintf(progress, "  broker  %s\n  over    %s, %s each\n\n", brokerName(&first.plan, load.Ready{}), first.over, until(&first.plan))
	done, err := runSweep(ctx, steps, keepers, progress)
	if err != nil {
		return c.fail(err)
	}
	return c.tellSweep(ctx, first, done)
}

// runSweep carries out one step after the other. If the first step cannot start, it returns an
// error; if a later one cannot, that is a row of the table.
func runSweep(ctx context.Context, steps []*sweeping, keepers []*keeper, progress io.Writer) (done []sweep.Step, err error) {
	for i, s := range steps {
		s.plan.Broker, s.plan.Embedded = steps[0].plan.Broker, steps[0].plan.Embedded
		step, err := s.step(ctx, keepers[i])
		switch {
		case ctx.Err() != nil && step.Result == nil:
			return done, nil
		case err != nil && i == 0:
			return nil, err
		case err != nil:
			step.Failure, step.ExitCode = sentence(err), ExitCannotRun
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
func (s *sweeping) step(ctx context.Context, k *keeper) (sweep.Step, error) {
	out := sweep.Step{Value: s.value}
	result, err := runStep(ctx, &s.plan, k.sample(func(*load.Sample) {}))
	if err != nil {
		return out, err
	}
	rep := s.judged(result)
	out.Result, out.ExitCode, out.Failure = rep, rep.ExitCode, rep.Failure
	if k.recorder != nil {
		if err := writeFolder(k.dir, results.New(rep, result, k.recorder.Series())); err != nil {
			return out, err
		}
	}
	if !result.Intact() || result.Failure != nil {
		// Otherwise the next step would receive what is left. If draining fails, it counts as
		// foreign there.
		_ = drainRest(ctx, &s.plan)
	}
	return out, nil
}

// keepSteps checks that results can be written before the first step.
func keepSteps(steps []*sweeping) ([]*keeper, error) {
	out := make([]*keeper, len(steps))
	for i, s := range steps {
		dir := ""
		if s.out != "" {
			dir = filepath.Join(s.out, stepFolder(i, s.over.Flag, s.value))
		}
		var err error
		if out[i], err = keepIn(dir); err != nil {
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
		Schema: 1, Tool: "stompbench sweep", Version: Version(), Broker: s.plan.Broker.String(), Over: s.over.String(),
		Partial: ctx.Err() != nil, ExitCode: worst(codes...), Steps: append([]sweep.Step{}, steps...),
	}
	if rep.Partial && rep.ExitCode == ExitOK {
		rep.ExitCode = ExitInterrupted
	}
	text := ""
	if rep.Partial {
		text = fmt.Sprintf("PARTIAL RESULT: interrupted after %d of %d steps\n", len(steps), len(s.over.Values))
	}
	var err error
	if s.json {
		err = report.WriteObject(c.stdout, rep)
	} else {
		_, err = io.WriteString(c.stdout, text+"\n"+sweep.Table(s.over, steps))
	}
	if err == nil && s.out != "" {
		err = rep.keep(s.out, s.over)
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
	plannedRun
}

// tellSweepPlan writes what a sweep would do.
func (c *command) tellSweepPlan(steps []*sweeping) int {
	first := steps[0]
	if first.json {
		out := struct {
			Over  string        `json:"over"`
			Steps []plannedStep `json:"steps"`
		}{Over: first.over.String()}
		for _, s := range steps {
			out.Steps = append(out.Steps, plannedStep{s.value, planOf(s.settings, s.notes)})
		}
		return c.printObject(out)
	}
	var r rows
	r.broker(&first.plan)
	r.add("over", "%s", first.over)
	for _, s := range steps {
		fmt.Fprintf(&r, "\n  %s %s\n", s.over.Flag, s.value)
		r.plan(&s.plan, s.notes)
		r.add("needs", "%s", needs(&s.plan))
	}
	return c.print(r.String())
}
