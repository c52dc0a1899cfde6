package find

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// step sends at one rate and drains the queues afterwards. It is stricter than the verdict of a run,
// which lets the messages of a last moment be missing: a share of a short step would be a large share
// of the rate.
func (s *settings) step(ctx context.Context, rate float64) (find.Step, error) {
	plan := s.Plan
	plan.Rate, plan.Profile = rate, pacer.Constant(rate)
	r, err := verb.Run(ctx, load.Options{Plan: &plan})
	if err != nil {
		return find.Step{}, err
	}
	if !r.Intact() || r.Failure != nil {
		err = verb.Drain(ctx, &plan)
	}
	due := float64(r.MeasuredSent + r.Unsent)
	j := &judgement{r, verdict.Of(&plan, r), s.SLO.Judge(r), due > 0 && float64(r.Unsent) <= plan.RateTolerance*due}
	return j.step(rate), err
}

// judgement is a step with all that is known about it.
type judgement struct {
	*load.Result
	*verdict.Verdict
	outcomes []slo.Outcome
	kept     bool // the rate
}

// limited reports whether the verdict names something that was at its limit.
func (j *judgement) limited() bool {
	return j.Limit != verdict.Schedule && j.Limit != verdict.Unclear
}

// keptRule is the name of the rule that the rate is kept.
const keptRule = "the rate is kept"

// step returns the rules for a step, its measurements, and what limited it. The rules are that the
// connection holds, that the rate is kept, and the SLO.
func (j *judgement) step(rate float64) find.Step {
	of := metric.Confirm
	if j.Consumers > 0 {
		of = metric.FromDue
	}
	h, sent := j.Latencies[of], j.SentPerSecond()
	s := find.Step{
		SentPerSecond: sent, ReceivedPerSecond: j.ReceivedPerSecond(), BacklogSlope: j.BacklogSlope,
		P50: int64(h.Percentile(50)), P99: int64(h.Percentile(99)), Max: int64(h.Max()), Of: string(of),
		LimitedBy: string(j.Limit), Why: j.Why, GeneratorLimited: j.byGenerator(),
	}
	switch {
	case j.limited() || j.kept && slo.Met(j.outcomes):
	case s.GeneratorLimited:
		s.LimitedBy, s.Why = string(verdict.Generator), j.late()
	case !j.kept:
		s.LimitedBy = string(verdict.Broker)
		s.Why = fmt.Sprintf("%s messages were due and not sent; it held producers up for %.0f %% of the time for which they were behind",
			report.Count(j.Unsent), 100*j.HeldShare)
	}
	if j.Failure != nil {
		s.Rules = []find.Rule{{Name: "the connection holds (" + verb.Broke(j.Failure) + ")"}}
		return s
	}
	s.Rules = []find.Rule{{Name: fmt.Sprintf("%s (%s/s)", keptRule, report.PerSecond(sent)), Met: j.kept, Value: &sent, Limit: rate}}
	for i := range j.outcomes {
		o := &j.outcomes[i]
		s.Rules = append(s.Rules, find.Rule{Name: report.Outcome(o), Met: o.Met, Value: o.Value, Limit: o.Limit, Used: o.Used()})
	}
	return s
}

const (
	// held is the share of the time for which producers were behind from which the broker counts as
	// the reason.
	held = 0.5
	// starved is the share of the processors from which other programs count as the reason why
	// messages left late.
	starved = 0.05
)

// late explains a step that failed because of the generator.
func (j *judgement) late() string {
	why := fmt.Sprintf("producers were not held up, and messages left up to %s late", report.Duration(j.Latencies[metric.SendDelay].Max()))
	if j.StarvedShare >= starved {
		return why + fmt.Sprintf(": other programs had the processors, of which it missed %.0f %%", 100*j.StarvedShare)
	}
	return why + ": this machine stood still, or its timers did"
}

// byGenerator reports whether a failed step failed because of this process or its machine, so that
// it says nothing about the broker. That is so if the verdict blames the generator; or if nothing
// was at a limit, the broker did not hold producers up for most of the time for which they were
// behind, and the only fault is that messages left late, or not at all.
func (j *judgement) byGenerator() bool {
	switch {
	case j.Failure != nil || j.Refusal != nil || !j.Intact():
		return false
	case j.Limit == verdict.Generator:
		return true
	case j.limited() || j.HeldShare >= held:
		return false
	}
	for i := range j.outcomes {
		if o := &j.outcomes[i]; !o.Met && j.kept && !lateOnly(j.Result, &o.Condition) {
			return false
		}
	}
	return true
}

// lateOnly reports whether a condition failed only because messages left late. That is so if it is
// a condition on send delays; if it would be met without the late messages; or if it is a condition
// on a latency and messages left late by half of what it allows: then this machine stood still, for
// its consumers, too.
func lateOnly(r *load.Result, c *slo.Condition) bool {
	if d := c.Def; d != nil {
		return d.ID == metric.Unsent || d.ID == metric.UnsentShare
	}
	switch c.Latency {
	case metric.SendDelay:
		return true
	case metric.FromDue:
		if sent, _ := c.On(metric.FromSend); slo.Met(slo.SLO{sent}.Judge(r)) {
			return true
		}
	}
	delay, ok := c.On(metric.SendDelay)
	if !ok {
		return false
	}
	late := slo.SLO{delay}.Judge(r)[0].Value
	return late != nil && *late >= c.Limit/2
}

const stepHead = "                    rate      sent/s      p50      p99      max  rule"

// stepLine writes a step with the rules that it broke or, if it broke none, the rule that it came
// closest to breaking; and the tally of that rate, if its steps differ.
func stepLine(s *find.Step, at find.Rate) string {
	verdict, rule := "FAIL", "not: "+s.Broken()
	switch s.Verdict() {
	case find.Passed:
		verdict, rule = "pass", ""
		if len(s.Rules) > 0 {
			rule = "met: " + slices.MaxFunc(s.Rules, func(a, b find.Rule) int { return cmp.Compare(a.Used, b.Used) }).Name
		}
	case find.Generator:
		verdict, rule = "void", rule+"; by the generator, so this says nothing of the broker: "+s.Why
	}
	if at.Verdict == find.Undecided {
		rule += fmt.Sprintf("; undecided: %d of %d passed", at.Passed, at.Passed+at.Failed)
	}
	short := func(ns int64) string {
		if ns == 0 {
			return "-"
		}
		return report.Duration(time.Duration(ns))
	}
	return fmt.Sprintf("  %-6s  %s  %10s  %10s  %7s  %7s  %7s  %s\n", s.Phase, verdict, report.PerSecond(s.Rate),
		report.PerSecond(s.SentPerSecond), short(s.P50), short(s.P99), short(s.Max), rule)
}
