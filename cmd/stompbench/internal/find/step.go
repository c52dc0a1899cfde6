package find

import (
	"cmp"
	"context"
	"slices"
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

// Verdict is the outcome of a step, or of all steps at one rate.
type Verdict string

// The verdicts.
const (
	Passed    Verdict = "pass"
	Failed    Verdict = "fail"
	Generator Verdict = "generator" // it failed because of the generator
	Undecided Verdict = "undecided" // of a rate: it has both passed and failed
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

// Step is one try of a rate, a point of the curve. Values that were not measured are 0.
type Step struct {
	Phase Phase         `json:"phase"`
	Rate  float64       `json:"rate_per_s"`
	Pass  bool          `json:"pass"`
	Rules []Rule        `json:"rules"`
	Took  time.Duration `json:"took_ns"`

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

// Test tries one rate and returns the rules and the measurements of the step. An error ends the search.
type Test func(ctx context.Context, rate float64) (Step, error)

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

// Rate is a rate with the number of its tries and their outcomes.
type Rate struct {
	Rate      float64 `json:"rate_per_s"`
	Passed    int     `json:"passed"`
	Failed    int     `json:"failed"`
	Generator int     `json:"generator_limited"` // failed by the generator
	Verdict   Verdict `json:"verdict"`
}

// Tries is how often it was tried.
func (r *Rate) Tries() int { return r.Passed + r.Failed + r.Generator }

// told is the number of tries that say something about the broker.
func (r *Rate) told() int { return r.Passed + r.Failed }

// bad is the number of tries that did not pass. Failures by the generator count only if there are
// no other tries.
func (r *Rate) bad() int {
	if r.Passed > 0 {
		return r.Failed
	}
	return r.Failed + r.Generator
}

// tally adds up the steps by rate, the lowest first.
func tally(steps []Step) []Rate {
	rates := []Rate{}
	for i := range steps {
		s := &steps[i]
		at, known := slices.BinarySearchFunc(rates, s.Rate, func(r Rate, rate float64) int { return cmp.Compare(r.Rate, rate) })
		if !known {
			rates = slices.Insert(rates, at, Rate{Rate: s.Rate})
		}
		r := &rates[at]
		switch s.Verdict() {
		case Passed:
			r.Passed++
		case Failed:
			r.Failed++
		default:
			r.Generator++
		}
		switch r.Verdict = Failed; {
		case r.Passed > 0 && r.Failed > 0:
			r.Verdict = Undecided
		case r.Passed > 0:
			r.Verdict = Passed
		case r.Generator > r.Failed:
			r.Verdict = Generator
		}
	}
	return rates
}
