package cli

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// plannedChurn is what churn --dry-run --json writes.
type plannedChurn struct {
	verb.PlannedVerb
	RatePerSec    float64          `json:"rate_per_s"` // 0: as fast as possible
	Open          int              `json:"open"`
	Subscriptions int              `json:"subscriptions"`
	HoldNs        int64            `json:"hold_ns"`
	DurationSec   float64          `json:"duration_s"` // 0: until count
	Count         uint64           `json:"count"`      // 0: until duration
	ConsumeFrom   string           `json:"consume_from"`
	Ack           string           `json:"ack"`
	HalfOpen      *plannedHalfOpen `json:"half_open,omitempty"`
}

type plannedHalfOpen struct {
	Share      float64  `json:"share"`
	Stages     []string `json:"stages"`
	AfterNs    int64    `json:"after_ns"`
	AfterCount uint64   `json:"after_count"`
	HoldNs     int64    `json:"hold_ns"`
	Max        int      `json:"max"`
}

// tellChurnPlan writes what churn would do.
func (c *command) tellChurnPlan(s *churned, notes []string) int {
	p := &s.Plan
	if s.JSON {
		out := plannedChurn{
			PlannedVerb: verb.PlannedVerbOf(p, notes), RatePerSec: p.Rate, Open: s.open, Subscriptions: s.subscriptions, HoldNs: int64(s.hold),
			DurationSec: p.Duration.Seconds(), Count: p.Count, ConsumeFrom: p.PublishTo, Ack: p.Ack.String(),
		}
		if h := &s.half; h.Share > 0 {
			out.HalfOpen = &plannedHalfOpen{Share: h.Share, AfterNs: int64(h.After), AfterCount: h.AfterCount, HoldNs: int64(h.Hold), Max: h.Max}
			for _, stage := range h.Stages {
				out.HalfOpen.Stages = append(out.HalfOpen.Stages, stage.String())
			}
		}
		return c.printObject(out)
	}
	var r verb.Rows
	r.Broker(p)
	r.Add("connect", "%s", s.connections())
	if s.subscriptions > 0 {
		r.Add("consumers", "of %s, ack %s", p.PublishTo, p.Ack)
	}
	descriptors := s.open
	if s.half.Share > 0 {
		r.Add("half-open", "%s", s.tellHalf())
		descriptors += s.half.Max
	}
	switch {
	case p.Count > 0 && p.Duration > 0:
		r.Add("until", "%s have passed or %s connections are opened", report.Elapsed(p.Duration), report.Count(p.Count))
	case p.Count > 0:
		r.Add("until", "%s connections are opened", report.Count(p.Count))
	default:
		r.Add("until", "%s have passed", report.Elapsed(p.Duration))
	}
	for _, note := range notes {
		r.Add("note", "%s", note)
	}
	if p.Embedded {
		descriptors *= 2
	}
	r.Add("needs", "%s", report.Plural(descriptors, "open file"))
	return c.print(r.String())
}

// plannedDrill is what failover --dry-run --json writes.
type plannedDrill struct {
	verb.PlannedVerb
	Plan           report.Plan `json:"plan"`
	RestartAfterNs int64       `json:"restart_after_ns"`
	RestartCommand string      `json:"restart_cmd,omitempty"`
	DownNs         int64       `json:"down_ns"` // of the embedded broker
}

// tellDrillPlan writes what failover would do.
func (c *command) tellDrillPlan(s *drill, notes []string) int {
	p := &s.Plan
	if s.JSON {
		out := plannedDrill{PlannedVerb: verb.PlannedVerbOf(p, notes), Plan: report.PlanOf(p), RestartAfterNs: int64(s.after), RestartCommand: s.command}
		if p.Embedded {
			out.DownNs = int64(s.down)
		}
		return c.printObject(out)
	}
	_, how := s.restart(nil, nil)
	var r verb.Rows
	r.Broker(p)
	r.Add("producers", "1 to %s, %s", p.PublishTo, verb.Receipts(p))
	r.Add("messages", "%s", s.load())
	r.Add("consumers", "1 of %s, ack %s", p.ConsumeFrom, p.Ack)
	r.Add("restart", "%s", how)
	for _, note := range notes {
		r.Add("note", "%s", note)
	}
	return c.print(r.String())
}
