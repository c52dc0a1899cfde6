package find

import (
	"context"
	"strings"
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

// Rule is one condition that a step has to meet.
type Rule struct {
	Name string `json:"rule"` // with what was measured, for people
	Met  bool   `json:"met"`
	// Value is the measured value, nil if there is none, and Limit the allowed one: latencies in
	// nanoseconds, shares from 0 to 1.
	Value *float64 `json:"value"`
	Limit float64  `json:"limit"`
	// Used is the used share of what the rule allows: 1 is all of it. It sorts the rules that were
	// met by how close they were to failing.
	Used float64 `json:"-"`
}

// Point is one measurement of a test: the curve consists of these. Values that were not measured
// are 0.
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
	// GeneratorLimited: a failed step failed because of the generator.
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

// Verdict returns the outcome of the step.
func (s *Step) Verdict() Verdict {
	switch {
	case s.Pass:
		return Passed
	case s.GeneratorLimited:
		return Generator
	}
	return Failed
}

// Broken returns the names of the rules that were not met.
func (s *Step) Broken() string {
	var names []string
	for _, r := range s.Rules {
		if !r.Met {
			names = append(names, r.Name)
		}
	}
	return strings.Join(names, ", ")
}

// Tightest returns the rule that was closest to failing, nil if there is none.
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
