package churn

import (
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// planned is what --dry-run --json writes.
type planned struct {
	verb.PlannedVerb
	RatePerSec    float64   `json:"rate_per_s"` // 0: as fast as possible
	Open          int       `json:"open"`
	Subscriptions int       `json:"subscriptions"`
	HoldNs        int64     `json:"hold_ns"`
	DurationSec   float64   `json:"duration_s"` // 0: until count
	Count         uint64    `json:"count"`      // 0: until duration
	ConsumeFrom   string    `json:"consume_from"`
	Ack           string    `json:"ack"`
	HalfOpen      *HalfOpen `json:"half_open,omitempty"`
}

func (s *settings) plan(notes []string) any {
	p, c, h := &s.Plan, &s.cfg, &s.cfg.HalfOpen
	out := planned{
		PlannedVerb: verb.PlannedVerbOf(p, notes), RatePerSec: p.Rate, Open: c.Open, Subscriptions: c.Subscriptions, HoldNs: int64(c.Hold),
		DurationSec: p.Duration.Seconds(), Count: p.Count, ConsumeFrom: p.PublishTo, Ack: p.Ack.String(),
	}
	if h.Share > 0 {
		out.HalfOpen = h
	}
	return out
}

// describe describes the run.
func (s *settings) describe(notes []string) string {
	p, c, h := &s.Plan, &s.cfg, &s.cfg.HalfOpen
	var r verb.Rows
	r.Broker(p, nil)
	pace := "as fast as possible"
	if p.Rate > 0 {
		pace = report.PerSecond(p.Rate) + "/s"
	}
	held := ""
	if c.Hold > 0 {
		held = ", held for " + report.Elapsed(c.Hold)
	}
	r.Add("connect", "%s, at most %s open, %s each%s", pace, report.Count(uint64(c.Open)), report.Plural(c.Subscriptions, "subscription"), held)
	if c.Subscriptions > 0 {
		r.Add("consumers", "of %s, ack %s", p.PublishTo, p.Ack)
	}
	descriptors := c.Open
	if h.Share > 0 {
		descriptors += h.Max
		after := report.Elapsed(h.After)
		if h.AfterCount > 0 {
			after = "the first " + report.Count(h.AfterCount)
		}
		r.Add("half-open", "%.3g%% of the connections after %s, at %s in turn, each for at most %s, at most %s at a time",
			100*h.Share, after, strings.Join(h.Stages, ", "), report.Elapsed(h.Hold), report.Count(uint64(h.Max)))
	}
	var until []string
	if p.Duration > 0 {
		until = append(until, report.Elapsed(p.Duration)+" have passed")
	}
	if p.Count > 0 {
		until = append(until, report.Count(p.Count)+" connections are opened")
	}
	r.Add("until", "%s", strings.Join(until, " or "))
	r.Notes(notes)
	if p.Embedded {
		descriptors *= 2
	}
	r.Add("needs", "%s", report.Plural(descriptors, "open file"))
	return r.String()
}
