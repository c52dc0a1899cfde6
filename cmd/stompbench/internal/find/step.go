package find

import (
	"context"
	"time"
)

// Phase is what a step is for.
type Phase string

// The phases.
const (
	Climb  Phase = "climb"
	Narrow Phase = "narrow"
	Repeat Phase = "repeat"
)

// Rule is one of the demands on a step.
type Rule struct {
	Name string `json:"rule"` // with what was measured, for people
	Met  bool   `json:"met"`
	// Value is what was measured, nil if nothing was, and Limit what was demanded of
	// it: latencies in nanoseconds, shares from 0 to 1.
	Value *float64 `json:"value"`
	Limit float64  `json:"limit"`
	// Used is how much of what the rule allows was used: 1 is all of it. It orders the
	// rules that were met by how near they were to failing.
	Used float64 `json:"-"`
}

// Point is what a test measured: the curve is made of these. What was not measured
// is 0.
type Point struct {
	SentPerSecond     float64 `json:"sent_per_s"`
	ReceivedPerSecond float64 `json:"received_per_s"`
	P50               int64   `json:"p50_ns"` // of the latency Of
	P99               int64   `json:"p99_ns"`
	Max               int64   `json:"max_ns"`
	Of                string  `json:"latency"` // from_due or confirm
	BacklogSlope      float64 `json:"backlog_slope_per_s"`
	LimitedBy         string  `json:"limited_by"`
	Why               string  `json:"why"`
	// GeneratorLimited says of a step that failed that it was the generator's doing.
	GeneratorLimited bool `json:"generator_limited"`
}

// Step is one test.
type Step struct {
	Phase Phase         `json:"phase"`
	Rate  float64       `json:"rate_per_s"`
	Pass  bool          `json:"pass"`
	Rules []Rule        `json:"rules"`
	Took  time.Duration `json:"took_ns"`
	Point
}

// Verdict is what became of the step.
func (s *Step) Verdict() Verdict {
	switch {
	case s.Pass:
		return Passed
	case s.GeneratorLimited:
		return Generator
	}
	return Failed
}

// Broken are the rules that were not met.
func (s *Step) Broken() (broken []Rule) {
	for _, r := range s.Rules {
		if !r.Met {
			broken = append(broken, r)
		}
	}
	return broken
}

// Tightest is the rule that was nearest to failing, nil if there is none.
func (s *Step) Tightest() (tightest *Rule) {
	for i := range s.Rules {
		if r := &s.Rules[i]; tightest == nil || r.Used > tightest.Used {
			tightest = r
		}
	}
	return tightest
}

// Test tries one rate. An error ends the search.
type Test func(ctx context.Context, rate float64) (rules []Rule, p Point, err error)
