package churn

import (
	"fmt"
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

func (s *settings) plan(notes []string) planned {
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

func (s *settings) planText(notes []string) string {
	p := &s.Plan
	var r verb.Rows
	r.Broker(p)
	r.Add("connect", "%s", s.connections())
	if s.cfg.Subscriptions > 0 {
		r.Add("consumers", "of %s, ack %s", p.PublishTo, p.Ack)
	}
	descriptors := s.cfg.Open
	if s.cfg.HalfOpen.Share > 0 {
		r.Add("half-open", "%s", s.halfOpen())
		descriptors += s.cfg.HalfOpen.Max
	}
	var until []string
	if p.Duration > 0 {
		until = append(until, report.Elapsed(p.Duration)+" have passed")
	}
	if p.Count > 0 {
		until = append(until, report.Count(p.Count)+" connections are opened")
	}
	r.Add("until", "%s", strings.Join(until, " or "))
	for _, note := range notes {
		r.Add("note", "%s", note)
	}
	if p.Embedded {
		descriptors *= 2
	}
	r.Add("needs", "%s", report.Plural(descriptors, "open file"))
	return r.String()
}

// connections describes how connections are opened.
func (s *settings) connections() string {
	pace := "as fast as possible"
	if s.Plan.Rate > 0 {
		pace = report.PerSecond(s.Plan.Rate) + "/s"
	}
	text := fmt.Sprintf("%s, at most %s open, %s each", pace, report.Count(uint64(s.cfg.Open)), report.Plural(s.cfg.Subscriptions, "subscription"))
	if s.cfg.Hold > 0 {
		text += ", held for " + report.Elapsed(s.cfg.Hold)
	}
	return text
}

// halfOpen describes the half-open connections.
func (s *settings) halfOpen() string {
	h := &s.cfg.HalfOpen
	var names []string
	for _, stage := range h.Stages {
		names = append(names, stage.String())
	}
	after := "after " + report.Elapsed(h.After)
	if h.AfterCount > 0 {
		after = "after the first " + report.Count(h.AfterCount)
	}
	return fmt.Sprintf("%.3g%% of the connections %s, at %s in turn, each for at most %s, at most %s at a time",
		100*h.Share, after, strings.Join(names, ", "), report.Elapsed(h.Hold), report.Count(uint64(h.Max)))
}
