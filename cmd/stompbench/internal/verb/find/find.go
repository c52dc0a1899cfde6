// Package find is the verb find: it searches for the highest rate that a broker sustains within an
// SLO. Package internal/find decides which rate is next; this package sends at it and judges the
// step.
//
// A step passes if the broker kept up with the rate and the SLO was met. If the rate was not kept and
// the generator or its machine was the reason, the step says nothing about the broker: it is void
// and is repeated.
//
// Imports: packages flags and verb, and the packages of stompbench that make a run and its page.
package find

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of find.
type settings struct {
	*verb.Env
	*flags.Load
	find.Config
	dwell time.Duration
}

// The default SLO. A rate is not sustained while its backlog grows, so sustained is part of each SLO
// that says nothing about the backlog. 2 % of the rate is more than the noise of a backlog that does
// not grow, and adds 60 ms to latencies in 3 s.
const (
	defaultSLO  = "lost=0,from_due.p99<100ms"
	sendOnlySLO = "confirm.p99<100ms"
	sustained   = "backlog.slope_share<=2%"
)

// Command makes the verb find.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{Env: env, dwell: 3 * time.Second, Config: find.Config{
		From: 1000, To: 10e6, Within: 0.05, Repeats: 2, Budget: 3 * time.Minute,
	}}
	cmd := &cobra.Command{Use: "find", Short: "search for the highest rate that meets an SLO, and say how sure it is", Args: verb.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return s.run(cmd) }
	own, all := flags.NewLoad()
	s.Load = own
	s.Plan.Warmup = 500 * time.Millisecond
	f := flags.New(cmd.Flags())
	f.Add("from", "1k", "the first rate to try", flags.Rate(&s.From))
	f.Add("to", "10M", "the highest rate to try", flags.Rate(&s.To))
	f.Add("within", "5%", "how near to the knee to come", flags.Share(&s.Within, 0.0001, 0.9999))
	f.Add("dwell", "3s", "how long to measure at each rate", flags.Time(&s.dwell, 200*time.Millisecond, time.Hour))
	f.Add("warmup", "500ms", "how long to send at each rate before measuring", flags.Time(&s.Plan.Warmup, 0, time.Hour))
	f.Add("repeat", "2", "how often to try the highest rate that passed and the lowest that failed again; more make surer", flags.Int(&s.Repeats, 0, 20))
	f.Add("max-time", "3m", "when to begin no further step", flags.Time(&s.Budget, time.Second, flags.MaxTime))
	f.BorrowAll(all, "rate", "duration", "count", "scenario", "run-id", "await")
	f.Lookup("out").Usage = "keep the search there: find.json, find.csv, and a page with the curve"
	return cmd
}

func (s *settings) complete(f *pflag.FlagSet) (notes []string, err error) {
	switch {
	case s.To < s.From:
		return nil, flags.Usage("--to is below --from: there is nothing in between to search")
	case s.Budget < s.dwell+s.Plan.Warmup:
		return nil, flags.Usage("--max-time is below --dwell and --warmup: not one step would fit, so raise it")
	case s.Plan.Producers == 0:
		return nil, flags.Usage("find needs producers: raise --producers")
	}
	if len(s.SLO) == 0 && s.Plan.Consumers == 0 {
		s.SLO = demand(sendOnlySLO)
	} else if len(s.SLO) == 0 {
		s.SLO = demand(defaultSLO)
	}
	if s.Plan.Consumers > 0 && !slices.ContainsFunc(s.SLO, aboutBacklog) {
		s.SLO = append(s.SLO, demand(sustained)...)
	}
	s.Plan.Rate, s.Plan.Duration = s.From, s.dwell
	return s.Complete(f)
}

// demand parses an SLO of this package, which is valid.
func demand(text string) slo.SLO {
	s, err := slo.Parse(text)
	if err != nil {
		panic(err)
	}
	return s
}

func aboutBacklog(c slo.Condition) bool {
	d := c.Metric.Def
	return d != nil && (d.ID == metric.BacklogSlope || d.ID == metric.BacklogSlopeShare)
}

func (s *settings) run(cmd *cobra.Command) error {
	if err := s.Read(cmd); err != nil {
		return err
	}
	notes, err := s.complete(cmd.Flags())
	if err != nil {
		return err
	}
	if s.DryRun {
		return s.tellPlan(notes)
	}
	if err := s.prepareOut(); err != nil {
		return err
	}
	ctx := cmd.Context()
	own, err := verb.Embed(ctx, &s.Plan)
	if err != nil {
		return err
	}
	defer verb.CloseOwn(own)
	progress := s.Progress(s.Quiet)
	var r verb.Rows
	r.Add("broker", "%s", verb.BrokerName(&s.Plan, load.Ready{}))
	s.intent(&r)
	fmt.Fprintf(progress, "%s\n%s\n", &r, stepHead)
	began := time.Now()
	result, err := find.Search(ctx, s.Config, s.step, func(st *find.Step, at find.Rate) { fmt.Fprint(progress, stepLine(st, at)) })
	if err != nil && ctx.Err() == nil && len(result.Steps) == 0 {
		return err
	}
	rep := s.report(result, began)
	switch {
	case ctx.Err() != nil:
		rep.Partial = true
	case err != nil:
		rep.Partial, rep.Failure = true, verb.Sentence(err)
	}
	return s.tell(rep)
}

// prepareOut checks that the folder can be written before the search begins.
func (s *settings) prepareOut() error {
	if s.Out == "" {
		return nil
	}
	err := os.MkdirAll(s.Out, 0o755)
	if err == nil {
		_, err = os.Lstat(filepath.Join(s.Out, FileName))
	}
	switch {
	case err == nil:
		return flags.Usage("%s holds a search already: name another folder, or remove %s from it", s.Out, FileName)
	case errors.Is(err, os.ErrNotExist):
		return nil
	}
	return fmt.Errorf("cannot keep the search in %s: %w: name another folder with --out", s.Out, err)
}
