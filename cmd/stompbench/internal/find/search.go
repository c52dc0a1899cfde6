package find

import (
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

// lowest is how far below From the search goes, as a share of it.
const lowest = 1.0 / 1024

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

// Best returns the last step with the highest rate that passed; nil if none did.
func (r *Result) Best() *Step { return r.last(r.Rate) }

// Worst returns the last step with the lowest rate that failed, above the one that
// passed; nil if none did.
func (r *Result) Worst() *Step { return r.last(r.Failed) }

// At returns a rate's tally, nil if it was not tried.
func (r *Result) At(rate float64) *Rate {
	i := slices.IndexFunc(r.Rates, func(x Rate) bool { return x.Rate == rate })
	if i < 0 {
		return nil
	}
	return &r.Rates[i]
}

// Undecided returns the rates whose steps contradict each other, in order.
func (r *Result) Undecided() (all []Rate) {
	for _, rate := range r.Rates {
		if rate.Verdict == Undecided {
			all = append(all, rate)
		}
	}
	return all
}

// ByGenerator reports whether the generator kept the search from higher rates, so that nothing is
// known about them.
func (r *Result) ByGenerator() bool {
	bound := r.At(r.Failed)
	return bound != nil && bound.Verdict == Generator
}

func (r *Result) last(rate float64) *Step {
	for i := range slices.Backward(r.Steps) {
		if rate > 0 && r.Steps[i].Rate == rate {
			return &r.Steps[i]
		}
	}
	return nil
}

// search is one search.
type search struct {
	Config
	test  Test
	shown func(*Step, Rate)
	until time.Time
	Result
}

// Search runs the search. shown is called after each step, with the tally of its rate; it may be
// nil. If the test or ctx ends with an error, the result is that of the steps so far.
func Search(ctx context.Context, cfg Config, test Test, shown func(*Step, Rate)) (*Result, error) {
	s := &search{Config: cfg, test: test, shown: shown, until: time.Now().Add(cfg.Budget)}
	err := s.run(ctx)
	s.Tally(cfg.Within)
	return &s.Result, err
}

func (s *search) run(ctx context.Context) error {
	for {
		phase, rate, ended := s.next()
		if ended == "" && s.outOfTime() {
			ended = TimeUp
		}
		if s.Ended = ended; ended != "" {
			return nil
		}
		if err := s.try(ctx, phase, rate); err != nil {
			return err
		}
	}
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

// outOfTime reports whether another step might end too late: one as long as the
// longest so far.
func (s *search) outOfTime() bool {
	var longest time.Duration
	for i := range s.Steps {
		longest = max(longest, s.Steps[i].Took)
	}
	return len(s.Steps) > 0 && time.Now().Add(longest).After(s.until)
}

func (s *search) try(ctx context.Context, phase Phase, rate float64) error {
	began := time.Now()
	rules, point, err := s.test(ctx, rate)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	step := Step{Phase: phase, Rate: rate, Rules: rules, Point: point, Took: time.Since(began), Pass: true}
	for _, r := range rules {
		step.Pass = step.Pass && r.Met
	}
	step.GeneratorLimited = step.GeneratorLimited && !step.Pass
	s.Steps = append(s.Steps, step)
	s.Rates = tally(s.Steps)
	if s.shown != nil {
		s.shown(&step, *s.At(rate))
	}
	return nil
}
