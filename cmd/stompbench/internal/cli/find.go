package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// searching is the values of the flags of find.
type searching struct {
	*flags.Load
	find.Config
	dwell time.Duration
	out   string
}

// The default SLO. A backlog that grows by 2 % of the rate is more than the noise of one that does
// not grow, and adds 60 ms to latencies in 3 s.
const (
	defaultSLO      = "lost=0,from_due.p99<100ms,backlog.slope_share<=2%"
	sendOnlySLO     = "confirm.p99<100ms"
	defaultDwell    = 3 * time.Second
	defaultSettling = 500 * time.Millisecond
	defaultRepeats  = 2
	mostRepeats     = 20
)

// notForFind are the flags of run that find sets itself.
var notForFind = map[string]bool{
	"rate": true, "duration": true, "count": true, "help": true, "version": true, "help-all": true,
	"scenario": true, "prometheus": true, "prometheus-wait": true,
	"repeat": true, "interleave": true, "pause": true, "run-id": true, "await": true,
}

func newFindFlags() (*pflag.FlagSet, *searching) {
	common, all := flags.NewLoad()
	s := &searching{Load: common, dwell: defaultDwell, Config: find.Config{
		From: 1000, To: 10e6, Within: 0.05, Repeats: defaultRepeats, Budget: 3 * time.Minute,
	}}
	common.Plan.Warmup = defaultSettling
	f := newFlagSet("find")
	add := flags.New(f).Add
	add("from", "1k", "the first rate to try", flags.Rate(&s.From))
	add("to", "10M", "the highest rate to try", flags.Rate(&s.To))
	add("within", "5%", "how near to the knee to come", flags.Share(&s.Within, 0.0001, 0.9999))
	add("dwell", "3s", "how long to measure at each rate", flags.Time(&s.dwell, 200*time.Millisecond, time.Hour))
	add("warmup", "500ms", "how long to send at each rate before measuring", flags.Time(&s.Plan.Warmup, 0, time.Hour))
	add("repeat", "2", "how often to try the highest rate that passed and the lowest that failed again; more make surer", flags.Int(&s.Repeats, 0, mostRepeats))
	add("max-time", "3m", "when to begin no further step", flags.Time(&s.Budget, 0, flags.MaxTime))
	add("out", "", "keep the search there: find.json, find.csv, and a page with the curve", flags.Text(&s.out, "DIR"))
	all.VisitAll(func(flag *pflag.Flag) {
		if f.Lookup(flag.Name) == nil && !notForFind[flag.Name] {
			f.AddFlag(flag)
		}
	})
	return f, s
}

func (s *searching) complete(f *pflag.FlagSet) (notes []string, err error) {
	switch {
	case s.From <= 0 || s.From > workload.MaxRate || s.To <= 0 || s.To > workload.MaxRate:
		return nil, usage("--from and --to are rates above 0 and up to %v a second", workload.MaxRate)
	case s.To < s.From:
		return nil, usage("--to is below --from: there is nothing in between to search")
	case s.dwell < 200*time.Millisecond || s.dwell > time.Hour:
		return nil, usage("--dwell is %v: choose from 200ms to 1h", s.dwell)
	case s.Budget < s.dwell+s.Plan.Warmup:
		return nil, usage("--max-time is below --dwell and --warmup: not one step would fit")
	case s.Within <= 0 || s.Within >= 1:
		return nil, usage("--within is a share above 0 and below 1, such as 5%%")
	case s.Repeats < 0 || s.Repeats > mostRepeats:
		return nil, usage("--repeat is %d: choose from 0 to %d", s.Repeats, mostRepeats)
	case s.Plan.Producers == 0:
		return nil, usage("find needs producers: raise --producers")
	}
	if len(s.SLO) == 0 {
		text := defaultSLO
		if s.Plan.Consumers == 0 {
			text = sendOnlySLO
		}
		s.SLO, _ = slo.Parse(text) // a test checks that it is valid
	}
	s.Plan.Rate, s.Plan.Duration = s.From, s.dwell
	return s.Load.Complete(f)
}

// find is the verb find.
func (c *command) find(ctx context.Context, args []string) int {
	f, s := newFindFlags()
	notes, code, done := c.planOf(f, args, s.complete)
	if done {
		return code
	}
	if s.DryRun {
		return c.tellSearchPlan(s, notes)
	}
	if err := s.prepareOut(); err != nil {
		return c.fail(err)
	}
	own, err := verb.Embed(ctx, &s.Plan)
	if err != nil {
		return c.fail(err)
	}
	defer verb.CloseOwn(own)
	progress := c.progress(s.Quiet)
	fmt.Fprintf(progress, "  %-10s  %s\n%s\n%s\n", "broker", verb.BrokerName(&s.Plan, load.Ready{}), s.intent(), stepHead)
	began := time.Now()
	result, err := find.Search(ctx, s.Config, s.step, func(st *find.Step, at find.Rate) { fmt.Fprint(progress, stepLine(st, at)) })
	if err != nil && ctx.Err() == nil && len(result.Steps) == 0 {
		return c.fail(err)
	}
	rep := s.report(result, began)
	switch {
	case ctx.Err() != nil:
		rep.Partial = true
	case err != nil:
		rep.Partial, rep.Failure = true, verb.Sentence(err)
	}
	return c.tellSearch(s, rep)
}

// intent describes what is searched for, and how.
func (s *searching) intent() string {
	var r verb.Rows
	r.Add("searching", "from %s/s to %s/s for the highest rate with %s", report.PerSecond(s.From), report.PerSecond(s.To), s.SLO)
	r.Add("steps", "%s each, after %s of warm-up, until the knee is known to %.3g %% and both sides of it were tried %s; for at most %s",
		report.Elapsed(s.dwell), report.Elapsed(s.Plan.Warmup), 100*s.Within, times(1+s.Repeats), report.Elapsed(s.Budget))
	return r.String()
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// prepareOut checks that the folder can be written before the search begins.
func (s *searching) prepareOut() error {
	if s.out == "" {
		return nil
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return fmt.Errorf("cannot keep the search in %s: %w: name another folder with --out", s.out, err)
	}
	_, err := os.Lstat(filepath.Join(s.out, searchName))
	switch {
	case err == nil:
		return usage("%s holds a search already: name another folder, or remove %s from it", s.out, searchName)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("cannot keep the search in %s: %w: name another folder with --out", s.out, err)
	}
	return nil
}
