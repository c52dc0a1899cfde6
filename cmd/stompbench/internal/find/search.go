package find

import (
	"cmp"
	"context"
	"slices"
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

// StepsAt returns the steps at a rate, in order.
func (r *Result) StepsAt(rate float64) (all []*Step) {
	for i := range r.Steps {
		if r.Steps[i].Rate == rate {
			all = append(all, &r.Steps[i])
		}
	}
	return all
}

// Best returns the last step with the rate Rate, nil if there is none.
func (r *Result) Best() *Step { return last(r.StepsAt(r.Rate)) }

// Worst returns the last step with the rate Failed, nil if there is none.
func (r *Result) Worst() *Step { return last(r.StepsAt(r.Failed)) }

func last(steps []*Step) *Step {
	if len(steps) == 0 {
		return nil
	}
	return steps[len(steps)-1]
}

// At returns a rate's tally, nil if it was not tried.
func (r *Result) At(rate float64) *Rate {
	for i := range r.Rates {
		if r.Rates[i].Rate == rate {
			return &r.Rates[i]
		}
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
