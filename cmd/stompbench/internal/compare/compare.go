package compare

import (
	"errors"
	"math"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// Options configure a comparison.
type Options struct {
	Skip float64 // seconds at the beginning of each run to leave out
}

// Comparison is the difference between two sides of runs.
type Comparison struct {
	// Warnings are reasons why the sides may not be comparable.
	Warnings []string `json:"warnings"`
	// Conclusion is what the main metrics say together, in one sentence.
	Conclusion string `json:"conclusion"`
	Rows       []Row  `json:"metrics"`
	// Notes describe other differences and reasons to doubt the numbers.
	Notes []string `json:"notes"`
}

// Row is one metric of both sides. What was not measured is NaN.
type Row struct {
	Metric
	A, B float64
	// AtLeast: A or B is a lower bound, because messages that were never sent or received count
	// with how long they had to wait until the end.
	AtLeastA, AtLeastB bool
	// Low and High enclose the difference as a share of A, (B-A)/A, with a confidence of 95 % for
	// this metric alone. They are NaN if there is too little data, and infinite if only one side
	// of the interval is known.
	Low, High float64
	// Chance is the probability of such a difference between equals; NaN without an interval.
	Chance  float64
	main    bool
	verdict Verdict
}

// Verdict is the conclusion of a row.
type Verdict string

// The verdicts.
const (
	Better Verdict = "better"
	Worse  Verdict = "worse"
	// Different is a difference that is neither better nor worse.
	Different Verdict = "different"
	// The interval of the metric excludes 0. Of as many metrics as the table has, some do by chance.
	MaybeBetter    Verdict = "maybe better"
	MaybeWorse     Verdict = "maybe worse"
	MaybeDifferent Verdict = "maybe different"
	// Same says that no difference was seen, not that there is none.
	Same Verdict = "no difference seen"
	// More and Fewer are of counts: what happened in these runs, and not what will in the next.
	More  Verdict = "more"
	Fewer Verdict = "fewer"
	// Incomparable: the side that looks better sent less, and its latencies are those of what it sent.
	Incomparable Verdict = "not comparable: unsent"
	TooLittle    Verdict = "too little data"
	// Unknown: it was not measured on both sides, or is a maximum, which has no interval.
	Unknown Verdict = ""
)

// Verdict returns the conclusion of the row.
func (r *Row) Verdict() Verdict { return r.verdict }

// noise reports whether the difference may be 0. What happened, a count or a maximum, is no noise.
func (r *Row) noise() bool {
	return !r.happened() && !(r.Low > 0 || r.High < 0)
}

// Compare compares the runs of side A with those of side B.
func Compare(a, b []*results.Result, opts Options) (*Comparison, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, errors.New("there is nothing to compare: each side needs a result")
	}
	left, right := newSide("A", a, opts.Skip), newSide("B", b, opts.Skip)
	if left.runs == 0 || right.runs == 0 {
		return nil, errors.New("nothing is left to compare: the runs are no longer than what is skipped")
	}
	c := &Comparison{}
	for _, m := range Metrics() {
		row := newRow(m, left, right)
		if !math.IsNaN(row.A) || !math.IsNaN(row.B) {
			c.Rows = append(c.Rows, row)
		}
	}
	c.conclude(left, right)
	c.Warnings, c.Notes = warnings(left, right), notes(left, right, c.Rows)
	return c, nil
}

func newRow(m Metric, left, right *side) Row {
	r := Row{
		Metric: m, A: m.of(left), B: m.of(right), Low: math.NaN(), High: math.NaN(), Chance: math.NaN(),
		AtLeastA: m.atLeast(left), AtLeastB: m.atLeast(right),
	}
	if m.counted {
		return r
	}
	a, okA := left.estimate(&m)
	b, okB := right.estimate(&m)
	if !okA || !okB {
		return r
	}
	c := newContrast(a, b)
	low, high := c.interval(c.student().Quantile(0.975))
	if !math.IsInf(low, -1) || !math.IsInf(high, 1) {
		r.Low, r.High, r.Chance = math.Exp(low)-1, math.Exp(high)-1, c.chance()
	}
	return r
}
