// Package find searches for the highest rate that passes a test, which the caller defines, and computes
// how certain the result is; docs/stompbench-verbs.md describes both.
//
// The search doubles the rate until a rate fails, halves the gap (as a ratio) between the highest rate
// that passed and the lowest that failed, and tries both again, in turn, so that drift affects both.
// The bounds lie around the cut that contradicts the fewest steps, so that a single pass or failure by
// chance does not misdirect the search. The only assumption is that lower rates are more likely to pass.
//
// The knee is the rate at which half of the steps would fail. [Knee] is the interval that contains it
// with a probability of nine tenths, by Bayes' rule from all steps but those that the generator failed.
// The probability to fail rises with the logarithm of the rate as a logistic distribution does, whose
// place and width are unknown: before the first step every place and every width (from a tenth of the
// gap to stop at, to a third of the rate) is equally likely. One step in twenty has the opposite result,
// whatever the rate. Unlike a count of passes, this does not depend on which rates were tried, and why.
//
// Imports: the standard library only.
package find

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Config says which rates to search.
type Config struct {
	From    float64       // the first rate, above 0
	To      float64       // the highest to try
	Within  float64       // the gap to stop at, as a share of the rate: 0.05
	Repeats int           // how often to try the bounds again
	Budget  time.Duration // no step is begun that could end later than this
}

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
	Steps     []*Step `json:"-"`
}

// Tries is how often it was tried.
func (r *Rate) Tries() int { return len(r.Steps) }

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
		r.Steps = append(r.Steps, s)
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

// Why a search ended.
const (
	Found   = "found"     // the bounds are near enough and have kept their verdict
	ByLimit = "generator" // the bounds are near enough, but the generator failed above them
	TooSlow = "too_low"   // not even the lowest rate passes
	AtTop   = "at_top"    // the highest rate passes
	TimeUp  = "time_up"
)

// Result is what a search came to.
type Result struct {
	Ended  string  `json:"ended"`             // "" if it was interrupted
	Rate   float64 `json:"rate_per_s"`        // the highest that passed every time; 0 if none did
	Failed float64 `json:"failed_rate_per_s"` // the lowest above it that failed every time; 0 if none did
	Knee   Knee    `json:"knee"`
	Rates  []Rate  `json:"rates"`
	Steps  []Step  `json:"steps"`
}

// Best returns the last step with the rate Rate, nil if there is none.
func (r *Result) Best() *Step { return r.last(r.Rate) }

// Worst returns the last step with the rate Failed, nil if there is none.
func (r *Result) Worst() *Step { return r.last(r.Failed) }

func (r *Result) last(rate float64) *Step {
	at := r.At(rate)
	if at == nil {
		return nil
	}
	return at.Steps[len(at.Steps)-1]
}

// At returns a rate's tally, nil if it was not tried.
func (r *Result) At(rate float64) *Rate {
	if i := slices.IndexFunc(r.Rates, func(x Rate) bool { return x.Rate == rate }); i >= 0 {
		return &r.Rates[i]
	}
	return nil
}

// Undecided returns the rates whose steps contradict each other, in order.
func (r *Result) Undecided() []Rate {
	return slices.DeleteFunc(slices.Clone(r.Rates), func(x Rate) bool { return x.Verdict != Undecided })
}

// ByGenerator reports whether the generator kept the search from higher rates, so that nothing is
// known about them.
func (r *Result) ByGenerator() bool {
	bound := r.At(r.Failed)
	return bound != nil && bound.Verdict == Generator
}

// Tally computes the result from the steps, for a search with that gap to stop at.
func (r *Result) Tally(within float64) {
	r.Rates, r.Rate, r.Failed = tally(r.Steps), 0, 0
	b := boundsOf(r.Rates)
	if b.lo != nil {
		r.Rate = b.lo.Rate
	}
	if b.hi != nil {
		r.Failed = b.hi.Rate
	}
	r.Knee = kneeOf(r.Rates, within)
}

// search is one search.
type search struct {
	Config
	Result
	longest time.Duration // of the steps
}

// Search runs the search. shown is called after each step, with the tally of its rate; it may be
// nil. If the test or ctx ends with an error, the result is that of the steps so far.
func Search(ctx context.Context, cfg Config, test Test, shown func(*Step, Rate)) (*Result, error) {
	s := &search{Config: cfg}
	defer s.Tally(cfg.Within)
	until := time.Now().Add(cfg.Budget)
	for {
		phase, rate, ended := s.next()
		began := time.Now()
		if ended == "" && len(s.Steps) > 0 && began.Add(s.longest).After(until) {
			ended = TimeUp
		}
		if s.Ended = ended; ended != "" {
			return &s.Result, nil
		}
		step, err := test(ctx, rate)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return &s.Result, err
		}
		step.Phase, step.Rate, step.Took = phase, rate, time.Since(began)
		step.Pass = !slices.ContainsFunc(step.Rules, func(r Rule) bool { return !r.Met })
		step.GeneratorLimited = step.GeneratorLimited && !step.Pass
		s.Steps, s.longest = append(s.Steps, step), max(s.longest, step.Took)
		s.Rates = tally(s.Steps)
		if shown != nil {
			shown(&step, *s.At(rate))
		}
	}
}
