// Package find is the verb find: it searches for the highest rate that a broker sustains within an
// SLO. Package internal/find decides which rate is next; this package sends at it and judges the
// step: it passes if the broker kept up with the rate and the SLO was met; it is void, and is repeated,
// if the generator or its machine was the reason that it did not.
//
// Imports: packages flags and verb, and the packages of stompbench that make a run and its page.
package find

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of find.
type settings struct {
	*verb.Env
	*flags.Load
	find.Config
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
	own, all := flags.NewLoad()
	s := &settings{Env: env, Load: own}
	cmd := &cobra.Command{Use: "find", Short: "search for the highest rate that meets an SLO, and say how sure it is", Args: verb.NoArgs}
	cmd.RunE = env.RunE(own, verb.Steps{Complete: s.complete, Plan: s.planned, Text: s.text, Run: s.run})
	f := flags.New(cmd.Flags())
	f.Add("from", "1k", "the first rate to try", flags.Rate(&s.From))
	f.Add("to", "10M", "the highest rate to try", flags.Rate(&s.To))
	f.Add("within", "5%", "how near to the knee to come", flags.Share(&s.Within, 0.0001, 0.9999))
	f.Add("dwell", "3s", "how long to measure at each rate", flags.Time(&s.Plan.Duration, 200*time.Millisecond, time.Hour))
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
	case s.Budget < s.Plan.Duration+s.Plan.Warmup:
		return nil, flags.Usage("--max-time is below --dwell and --warmup: not one step would fit, so raise it")
	case s.Plan.Producers == 0:
		return nil, flags.Usage("find needs producers: raise --producers")
	}
	text := s.SLO.String()
	switch receives := s.Plan.Consumers > 0; {
	case text == "" && receives:
		text = defaultSLO + "," + sustained
	case text == "":
		text = sendOnlySLO
	case receives && !strings.Contains(text, "slope"):
		text += "," + sustained
	}
	if s.SLO, err = slo.Parse(text); err != nil {
		return nil, err
	}
	s.Plan.Rate = s.From
	return s.Complete(f)
}

func (s *settings) run(ctx context.Context) error {
	if err := results.Prepare(s.Out, FileName); err != nil {
		return err
	}
	own, err := verb.Embed(ctx, &s.Plan)
	if err != nil {
		return err
	}
	defer verb.CloseOwn(own)
	progress := s.Progress(s.Quiet)
	fmt.Fprintf(progress, "%s\n%s\n", s.intent(), stepHead)
	began := time.Now()
	result, err := find.Search(ctx, s.Config, s.step, func(st *find.Step, at find.Rate) { fmt.Fprint(progress, stepLine(st, at)) })
	if err != nil && ctx.Err() == nil && len(result.Steps) == 0 {
		return err
	}
	return s.tell(result, began, err, ctx.Err() != nil)
}

func (s *settings) searching() page.Searching {
	return page.Searching{SLO: s.SLO.String(), DwellSec: s.Plan.Duration.Seconds(), Within: s.Within, Repeats: s.Repeats, Plan: results.PlanOf(&s.Plan)}
}

// planned is what find --dry-run --json writes.
type planned struct {
	verb.PlannedVerb
	page.Searching
	From       float64 `json:"from_per_s"`
	To         float64 `json:"to_per_s"`
	MaxTimeSec float64 `json:"max_time_s"`
	Steps      int     `json:"steps"`   // the expected number, without failures by chance
	StepsSec   float64 `json:"steps_s"` // how long they take, without the drain after each
}

func (s *settings) planned(notes []string) any {
	steps, takes := s.steps(s.middle())
	return planned{verb.PlannedVerbOf(&s.Plan, notes), s.searching(), s.From, s.To, s.Budget.Seconds(), steps, takes.Seconds()}
}

func (s *settings) text(notes []string) string {
	r := s.intent()
	r.Plan(&s.Plan, notes)
	r.Needs(&s.Plan)
	return r.String()
}

// intent describes what is searched for, how, and how long that takes.
func (s *settings) intent() *verb.Rows {
	r := new(verb.Rows)
	r.Broker(&s.Plan, nil)
	r.Add("searching", "from %s/s to %s/s for the highest rate with %s", report.PerSecond(s.From), report.PerSecond(s.To), s.SLO)
	r.Add("steps", "%s each, after %s of warm-up, until the knee is known to %.3g %% and both sides of it were tried %s; for at most %s",
		report.Elapsed(s.Plan.Duration), report.Elapsed(s.Plan.Warmup), 100*s.Within, report.Plural(1+s.Repeats, "time"), report.Elapsed(s.Budget))
	_, least := s.steps(s.From)
	steps, takes := s.steps(s.middle())
	r.Add("takes", "at least %s; about %d steps in %s if the knee is at %s/s; and what it takes to empty queues",
		report.Elapsed(least), steps, report.Elapsed(takes), report.PerSecond(s.middle()))
	if least > s.Budget {
		r.Add("", "so --max-time ends it early, without a result that is sure: raise it")
	}
	return r
}

// middle returns the geometric mean of the lowest and the highest rate.
func (s *settings) middle() float64 { return math.Sqrt(s.From * s.To) }

// steps returns the number of steps to a knee, and how long they take: doublings up to it, halvings of
// the last doubling, and repeats of both bounds.
func (s *settings) steps(knee float64) (n int, takes time.Duration) {
	n = 1 + s.Repeats
	if s.From != s.To {
		climb := math.Ceil(math.Log2(knee/s.From)) + 1
		narrow := math.Ceil(math.Log2(math.Log(2) / math.Log1p(s.Within)))
		n = int(max(climb, 2)+max(narrow, 0)) + 2*s.Repeats
	}
	return n, (time.Duration(n) * (s.Plan.Duration + s.Plan.Warmup)).Round(time.Second)
}
