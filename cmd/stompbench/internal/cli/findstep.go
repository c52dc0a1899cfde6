package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// step sends at one rate and drains the queues afterwards.
func (s *searching) step(ctx context.Context, rate float64) (rules []find.Rule, p find.Point, err error) {
	plan := s.Plan
	plan.Rate, plan.Profile = rate, pacer.Constant(rate)
	r, err := verb.RunStep(ctx, &plan, nil)
	if err != nil {
		return nil, p, err
	}
	v := verdict.Of(&plan, r)
	outcomes := s.SLO.Judge(r)
	p = pointOf(&plan, r, v)
	if p.GeneratorLimited = byGenerator(r, v, outcomes); p.GeneratorLimited && v.Limit != verdict.Generator && !slo.Met(outcomes) {
		p.LimitedBy, p.Why = string(verdict.Generator), late(r, v)
	}
	if !r.Intact() || r.Failure != nil {
		err = verb.Drain(ctx, &plan)
	}
	return rulesOf(rate, r, v, outcomes), p, err
}

// rulesOf returns the rules for a step: the connection holds, the rate is kept, and the SLO.
func rulesOf(rate float64, r *load.Result, v *verdict.Verdict, outcomes []slo.Outcome) []find.Rule {
	if r.Failure != nil {
		return []find.Rule{{Name: "the connection holds (" + verb.Broke(r.Failure) + ")"}}
	}
	sent := r.SentPerSecond()
	rules := []find.Rule{{
		Name: fmt.Sprintf("the rate is kept (%s/s)", report.PerSecond(sent)), Met: v.RateKept, Value: &sent, Limit: rate,
	}}
	for i, c := range report.Conditions(outcomes) {
		rules = append(rules, find.Rule{Name: c.String(), Met: c.Met, Value: c.Value, Limit: c.Limit, Used: outcomes[i].Used()})
	}
	return rules
}

// starved is the share of the processors from which other programs count as the reason why messages
// left late.
const starved = 0.05

// late explains a step that failed because of the generator.
func late(r *load.Result, v *verdict.Verdict) string {
	why := fmt.Sprintf("producers were not held up, and messages left up to %s late", report.Duration(r.Delay.Max()))
	if v.StarvedShare >= starved {
		return why + fmt.Sprintf(": other programs had the processors, of which it missed %.0f %%", 100*v.StarvedShare)
	}
	return why + ": this machine stood still, or its timers did"
}

// byGenerator reports whether a failed step failed because of this process or its machine, so that
// it says nothing about the broker. That is so if the verdict blames the generator; or if nothing
// was at a limit, the broker did not hold producers up for most of the time for which they were
// behind, and the only fault is that messages left late, or not at all.
func byGenerator(r *load.Result, v *verdict.Verdict, outcomes []slo.Outcome) bool {
	switch {
	case r.Failure != nil || r.Refusal != nil || !r.Intact():
		return false
	case v.Limit == verdict.Generator:
		return true
	case v.Limit != verdict.Schedule && v.Limit != verdict.Unclear || v.HeldShare >= 0.5:
		return false
	}
	for i := range outcomes {
		if o := &outcomes[i]; !o.Met && v.RateKept && !lateOnly(r, &o.Condition) {
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
	switch name := c.Metric.Name; {
	case name == "unsent", name == "unsent_share", strings.HasPrefix(name, "send_delay."):
		return true
	case strings.HasPrefix(name, "from_due."):
		if sent, _ := c.On(metric.FromSend); slo.Met(slo.SLO{sent}.Judge(r)) {
			return true
		}
	}
	delay, ok := c.On("send_delay")
	return ok && slo.SLO{delay}.Judge(r)[0].Value >= c.Limit/2
}

func pointOf(plan *workload.Plan, r *load.Result, v *verdict.Verdict) find.Point {
	p := find.Point{
		SentPerSecond: r.SentPerSecond(), ReceivedPerSecond: r.ReceivedPerSecond(), BacklogSlope: r.BacklogSlope,
		LimitedBy: string(v.Limit), Why: v.Why,
	}
	h := r.FromDue
	if p.Of = "from_due"; plan.Consumers == 0 {
		h, p.Of = r.Confirm, "confirm"
	}
	p.P50, p.P99, p.Max = int64(h.Percentile(50)), int64(h.Percentile(99)), int64(h.Max())
	return p
}

const stepHead = "                    rate      sent/s      p50      p99      max  rule"

// stepLine writes a step with the rules that it broke or, if it broke none, the rule that it came
// closest to breaking; and the tally of that rate, if its steps differ.
func stepLine(s *find.Step, at find.Rate) string {
	verdict, rule := "", ""
	switch s.Verdict() {
	case find.Passed:
		verdict = "pass"
		if r := s.Tightest(); r != nil {
			rule = "met: " + r.Name
		}
	case find.Generator:
		verdict, rule = "void", "not: "+brokenRules(s)+"; by the generator, so this says nothing of the broker: "+s.Why
	default:
		verdict, rule = "FAIL", "not: "+brokenRules(s)
	}
	if at.Verdict == find.Undecided {
		rule += fmt.Sprintf("; undecided: %d of %d passed", at.Passed, at.Passed+at.Failed)
	}
	return fmt.Sprintf("  %-6s  %s  %10s  %10s  %7s  %7s  %7s  %s\n", s.Phase, verdict, report.PerSecond(s.Rate),
		report.PerSecond(s.SentPerSecond), short(s.P50), short(s.P99), short(s.Max), rule)
}

func brokenRules(s *find.Step) string {
	var names []string
	for _, r := range s.Broken() {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

// short writes a latency, or a dash if there is none.
func short(ns int64) string {
	if ns == 0 {
		return "-"
	}
	return report.Duration(time.Duration(ns))
}
