package find

import (
	"context"
	"math"
	"slices"
	"time"
)

// Config says where to search.
type Config struct {
	From   float64       // the first rate, above 0
	To     float64       // the highest to try
	Within float64       // the gap to stop at, as a share of the rate: 0.05
	Budget time.Duration // no step is begun that could end later than this
}

// lowest is how far below From the search goes, as a share of it.
const lowest = 1.0 / 1024

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
	LimitedBy         string  `json:"limited_by"`
	Why               string  `json:"why"`
	GeneratorLimited  bool    `json:"generator_limited"`
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

// Why a search ended.
const (
	Found   = "found"   // the gap is small enough
	TooSlow = "too_low" // not even the lowest rate passes
	AtTop   = "at_top"  // the highest rate passes
	TimeUp  = "time_up"
)

// Result is what a search came to.
type Result struct {
	Ended  string  `json:"ended"`
	Rate   float64 `json:"rate_per_s"`        // the highest that passed; 0 if none did
	Failed float64 `json:"failed_rate_per_s"` // the lowest above it that failed; 0 if none did
	Steps  []Step  `json:"steps"`
}

// Best returns the step with the highest rate that passed, the last one with it;
// nil if none did.
func (r *Result) Best() *Step { return r.last(r.Rate) }

// Worst returns the step with the lowest rate that failed, above the one that
// passed; nil if none did.
func (r *Result) Worst() *Step { return r.last(r.Failed) }

func (r *Result) last(rate float64) *Step {
	for i := range slices.Backward(r.Steps) {
		if rate > 0 && r.Steps[i].Rate == rate {
			return &r.Steps[i]
		}
	}
	return nil
}

// Test tries one rate. An error ends the search.
type Test func(ctx context.Context, rate float64) (rules []Rule, p Point, err error)

// search is one search.
type search struct {
	Config
	test  Test
	shown func(*Step)
	until time.Time
	Result
}

// Search searches. shown is called after each step; it may be nil. With an error,
// that of the test or of ctx, the result holds the steps so far.
func Search(ctx context.Context, cfg Config, test Test, shown func(*Step)) (*Result, error) {
	s := &search{Config: cfg, test: test, shown: shown, until: time.Now().Add(cfg.Budget)}
	err := s.run(ctx)
	s.Rate, s.Failed = s.bounds()
	return &s.Result, err
}

func (s *search) run(ctx context.Context) error {
	for {
		if s.outOfTime() {
			s.Ended = TimeUp
			return nil
		}
		phase, rate := s.next()
		if phase == "" {
			return nil
		}
		if err := s.try(ctx, phase, rate); err != nil {
			return err
		}
	}
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
	s.Steps = append(s.Steps, step)
	if s.shown != nil {
		s.shown(&step)
	}
	return nil
}

// next decides on the next step; without a phase there is none, and Ended says why.
func (s *search) next() (Phase, float64) {
	lo, hi := s.bounds()
	switch {
	case len(s.Steps) == 0:
		return Climb, min(s.From, s.To)
	case hi == 0 && lo >= s.To:
		s.Ended = AtTop
		return s.repeat(lo)
	case hi == 0:
		return Climb, min(2*lo, s.To)
	case lo == 0 && hi/2 < s.From*lowest:
		s.Ended = TooSlow
		return "", 0
	case lo == 0:
		return Climb, hi / 2
	case hi/lo <= 1+s.Within:
		s.Ended = Found
		return s.repeat(lo)
	}
	return Narrow, math.Sqrt(lo * hi)
}

// repeat tries the rate that passed a second time; a third is not asked for.
func (s *search) repeat(rate float64) (Phase, float64) {
	n := 0
	for i := range s.Steps {
		if s.Steps[i].Rate == rate {
			n++
		}
	}
	if n > 1 {
		return "", 0
	}
	return Repeat, rate
}

// bounds returns the highest rate that passed below any that failed, and the
// lowest that failed; 0 for none. A rate that did both has failed.
func (s *search) bounds() (lo, hi float64) {
	for i := range s.Steps {
		if st := &s.Steps[i]; !st.Pass && (hi == 0 || st.Rate < hi) {
			hi = st.Rate
		}
	}
	for i := range s.Steps {
		if st := &s.Steps[i]; st.Pass && st.Rate > lo && (hi == 0 || st.Rate < hi) {
			lo = st.Rate
		}
	}
	return lo, hi
}
