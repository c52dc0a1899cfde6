package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// searching is what the flags of find say.
type searching struct {
	*settings
	find.Config
	dwell time.Duration
	out   string
}

const (
	defaultSLO   = "lost=0,from_due.p99<100ms"
	defaultDwell = 3 * time.Second
)

// notForFind are the flags of run that find has its own idea of.
var notForFind = []string{"rate", "duration", "count", "help", "version", "out", "help-all", "dry-run", "scenario", "prometheus", "prometheus-wait", "accept-generator-limit", "repeat", "interleave", "pause",
	"run-id", "await"}

func newFindFlags() (*pflag.FlagSet, *searching) {
	all, common := newFlags()
	s := &searching{settings: common, dwell: defaultDwell, Config: find.Config{
		From: 1000, To: 10e6, Within: 0.05, Budget: 3 * time.Minute,
	}}
	f := newFlagSet("find")
	add := func(name, kind, text, help string, v *value) {
		v.kind, v.text = kind, text
		f.VarP(v, name, "", help)
	}
	add("from", "RATE", "1k", "the first rate to try", parsed(&s.From, parseRate))
	add("to", "RATE", "10M", "the highest rate to try", parsed(&s.To, parseRate))
	add("within", "SHARE", "5%", "how near to the knee to come", parsed(&s.Within, parseShare))
	add("dwell", "TIME", "3s", "how long to send at each rate", parsed(&s.dwell, parseDuration))
	add("max-time", "TIME", "3m", "when to begin no further step", parsed(&s.Budget, parseDuration))
	add("out", "DIR", "", "write the steps there, as find.json and find.csv", parsed(&s.out, asIs))
	all.VisitAll(func(flag *pflag.Flag) {
		for _, name := range notForFind {
			if flag.Name == name {
				return
			}
		}
		f.AddFlag(flag)
	})
	return f, s
}

func (s *searching) complete(f *pflag.FlagSet) error {
	switch {
	case s.From <= 0 || s.From > workload.MaxRate || s.To <= 0 || s.To > workload.MaxRate:
		return usage("--from and --to are rates above 0 and up to %v a second", workload.MaxRate)
	case s.To < s.From:
		return usage("--to is below --from: there is nothing in between to search")
	case s.dwell < 200*time.Millisecond || s.dwell > time.Hour:
		return usage("--dwell is %v: choose from 200ms to 1h", s.dwell)
	case s.Budget < s.dwell:
		return usage("--max-time is below --dwell: not one step would fit")
	case s.Within <= 0 || s.Within >= 1:
		return usage("--within is a share above 0 and below 1, such as 5%%")
	case s.plan.Producers == 0:
		return usage("find needs producers: raise --producers")
	}
	if len(s.slo) == 0 {
		text := defaultSLO
		if s.plan.Consumers == 0 {
			text = "confirm.p99<100ms"
		}
		s.slo, _ = slo.Parse(text) // a test holds that it is sound
	}
	s.plan.Rate, s.plan.Duration = s.From, s.dwell
	_, err := s.settings.complete(f)
	return err
}

// find is the verb find.
func (c *command) find(ctx context.Context, args []string) int {
	f, s := newFindFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	if err := fromEnvironment(f); err != nil {
		return c.fail(err)
	}
	if err := s.complete(f); err != nil {
		return c.fail(err)
	}
	own, err := embed(&s.plan)
	if err != nil {
		return c.fail(err)
	}
	defer closeOwn(own)
	progress := io.Writer(c.stderr)
	if s.quiet {
		progress = io.Discard
	}
	fmt.Fprintf(progress, "  broker      %s\n  searching   from %s/s to %s/s for the highest rate with %s, %s a step, for at most %s\n\n%s\n",
		brokerName(&s.plan, load.Ready{}), report.PerSecond(s.From), report.PerSecond(s.To), s.slo, report.Elapsed(s.dwell),
		report.Elapsed(s.Budget), stepHead)
	result, err := find.Search(ctx, s.Config, s.step, func(st *find.Step) { fmt.Fprint(progress, stepLine(st)) })
	if err != nil && ctx.Err() == nil {
		return c.fail(err)
	}
	return c.tellSearch(ctx, s, result)
}

// step sends at one rate.
func (s *searching) step(ctx context.Context, rate float64) (rules []find.Rule, p find.Point, err error) {
	plan := s.plan
	plan.Rate, plan.Profile = rate, pacer.Constant(rate)
	r, err := runStep(ctx, &plan, nil)
	if err != nil {
		return nil, p, err
	}
	v := verdict.Of(&plan, r)
	if r.Failure != nil {
		return []find.Rule{{Name: "the connection holds (" + broke(r.Failure) + ")"}}, pointOf(&plan, r, v), nil
	}
	rules = append(rules, find.Rule{
		Name: fmt.Sprintf("the rate is kept (%s/s)", report.PerSecond(r.SentPerSecond())), Met: v.RateKept,
	})
	for _, o := range report.Conditions(s.slo.Judge(slo.FactsOf(r))) {
		rules = append(rules, find.Rule{Name: o.String(), Met: o.Met})
	}
	if !r.Intact() {
		err = drainRest(ctx, &plan)
	}
	return rules, pointOf(&plan, r, v), err
}

func pointOf(plan *workload.Plan, r *load.Result, v *verdict.Verdict) find.Point {
	p := find.Point{
		SentPerSecond: r.SentPerSecond(), ReceivedPerSecond: r.ReceivedPerSecond(),
		LimitedBy: string(v.Limit), Why: v.Why, GeneratorLimited: v.Limit == verdict.Generator,
	}
	h := r.FromDue
	if p.Of = "from_due"; plan.Consumers == 0 {
		h, p.Of = r.Confirm, "confirm"
	}
	p.P50, p.P99, p.Max = int64(h.Percentile(50)), int64(h.Percentile(99)), int64(h.Max())
	return p
}

const stepHead = "                    rate      sent/s      p50      p99      max"

// stepLine writes a step with the rule that decided.
func stepLine(s *find.Step) string {
	verdict, why := "pass", ""
	if !s.Pass {
		verdict = "FAIL"
		for _, r := range s.Rules {
			if !r.Met {
				why = "  not: " + r.Name
				break
			}
		}
	}
	short := func(ns int64) string {
		if ns == 0 {
			return "-"
		}
		return report.Duration(time.Duration(ns))
	}
	return fmt.Sprintf("  %-6s  %s  %10s  %10s  %7s  %7s  %7s%s\n", s.Phase, verdict, report.PerSecond(s.Rate),
		report.PerSecond(s.SentPerSecond), short(s.P50), short(s.P99), short(s.Max), why)
}

// searchReport is the JSON form of a search.
type searchReport struct {
	Schema  int    `json:"schema"`
	Tool    string `json:"tool"`
	Version string `json:"version"`
	Broker  string `json:"broker"` // without the password
	SLO     string `json:"slo"`
	Partial bool   `json:"partial"`
	*find.Result
}

// tellSearch writes the result of a search. That nothing meets the SLO has the
// exit code of an SLO that was not met.
func (c *command) tellSearch(ctx context.Context, s *searching, r *find.Result) int {
	rep := searchReport{
		Schema: 1, Tool: "stompbench find", Version: Version(), Broker: s.plan.Broker.String(), SLO: s.slo.String(),
		Partial: ctx.Err() != nil, Result: r,
	}
	var err error
	if s.json {
		err = writeObject(c.stdout, rep)
	} else {
		_, err = io.WriteString(c.stdout, searchText(s, r, rep.Partial))
	}
	if err == nil && s.out != "" {
		err = rep.keep(s.out)
	}
	switch {
	case err != nil:
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	case rep.Partial:
		return ExitInterrupted
	case r.Rate == 0:
		return ExitSLO
	}
	return ExitOK
}

func writeObject(w io.Writer, object any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(object)
}

func searchText(s *searching, r *find.Result, partial bool) string {
	var b strings.Builder
	b.WriteByte('\n')
	if plot := r.Plot(report.PerSecond, report.Duration); plot != "" {
		fmt.Fprintf(&b, "p99 over the rate, o passed, x failed\n\n%s\n", plot)
	}
	best, worst := r.Best(), r.Worst()
	switch {
	case partial:
		b.WriteString("PARTIAL RESULT: interrupted\n")
	case r.Ended == find.TimeUp:
		b.WriteString("the time is up; the search is not done\n")
	}
	if best == nil {
		fmt.Fprintf(&b, "no rate that was tried meets %s\n", s.slo)
	} else {
		fmt.Fprintf(&b, "%s/s meets %s: p50 %s, p99 %s\n", report.PerSecond(r.Rate), s.slo,
			report.Duration(time.Duration(best.P50)), report.Duration(time.Duration(best.P99)))
	}
	switch {
	case worst != nil:
		fmt.Fprintf(&b, "%s/s does not; limited by %s: %s\n", report.PerSecond(r.Failed), worst.LimitedBy, worst.Why)
		if worst.GeneratorLimited {
			b.WriteString("so what was found is the generator's limit on this machine: the broker may be able to do more\n")
		}
	case r.Ended == find.AtTop:
		b.WriteString("that is the highest rate to try: raise --to\n")
	}
	return b.String()
}

// keep writes the steps into a folder.
func (r *searchReport) keep(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var object strings.Builder
	if err := writeObject(&object, r); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "find.json"), []byte(object.String()), 0o644); err != nil {
		return err
	}
	table := "phase,rate_per_s,pass,sent_per_s,received_per_s,p50_ns,p99_ns,max_ns,limited_by\n"
	for i := range r.Steps {
		s := &r.Steps[i]
		table += fmt.Sprintf("%s,%.3f,%v,%.3f,%.3f,%d,%d,%d,%s\n",
			s.Phase, s.Rate, s.Pass, s.SentPerSecond, s.ReceivedPerSecond, s.P50, s.P99, s.Max, s.LimitedBy)
	}
	return os.WriteFile(filepath.Join(dir, "find.csv"), []byte(table), 0o644)
}
