// Package compare separates the difference of two sides of results from noise: for each metric it
// computes the difference and its 95 % confidence interval.
//
// Every metric is a ratio of two sums: a percentile is a value that a share of the samples does not
// exceed. Each part of a side, a run or an interval of its only run, adds a deviation to the first sum.
// The spread of the deviations gives the standard error. If a side has several runs, they are its
// parts, because the intervals of one run do not tell how much runs differ. If it has one, neighbouring
// intervals are not independent: see overTime. Student's t makes the interval wide if parts are few.
//
// Imports: gonum, for the statistics, and the results, report, metric, series and histo packages of stompbench.
package compare

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// Comparison is the difference between two sides of runs.
type Comparison struct {
	Warnings   []string `json:"warnings"`   // reasons why the sides may not be comparable
	Conclusion string   `json:"conclusion"` // what the main metrics say together
	Rows       []Row    `json:"metrics"`
	Notes      []string `json:"notes"` // other differences, and reasons to doubt the numbers
}

// Row is one metric of both sides.
type Row struct {
	Metric
	A Number `json:"a"`
	B Number `json:"b"`
	// AtLeast: A or B is a lower bound, because it counts messages that were still waiting at the end.
	AtLeastA   bool   `json:"a_at_least,omitempty"`
	AtLeastB   bool   `json:"b_at_least,omitempty"`
	Difference Number `json:"difference"`
	Share      Number `json:"share"` // the difference over A
	// Low and High enclose Share with a confidence of 95 % for this metric alone. They are unknown
	// with too little data, and an end that depends on lower bounds is infinite.
	Low     Number  `json:"share_low"`
	High    Number  `json:"share_high"`
	Chance  Number  `json:"p_value"` // of such a difference between equals; unknown without an interval
	Verdict Verdict `json:"verdict"`
}

// Compare compares the runs of side A with those of side B, without the first skip seconds of each.
func Compare(a, b []*results.Result, skip float64) (*Comparison, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, errors.New("there is nothing to compare: each side needs a result")
	}
	left, right := newSide("A", a, skip), newSide("B", b, skip)
	if len(left.runs) == 0 || len(right.runs) == 0 {
		return nil, errors.New("nothing is left to compare: the runs are no longer than what is skipped")
	}
	c := &Comparison{Warnings: warnings(left, right)}
	for _, m := range metrics() {
		if row := newRow(m, left, right); row.A.known() || row.B.known() {
			c.Rows = append(c.Rows, row)
		}
	}
	c.Conclusion = conclude(c.Rows) // makes verdicts certain
	c.Notes = notes(left, right, c.Rows)
	return c, nil
}

func newRow(m Metric, left, right *side) Row {
	a, b := left.estimate(&m), right.estimate(&m)
	r := Row{
		Metric: m, A: Number(a.value), B: Number(b.value), AtLeastA: a.atLeast(), AtLeastB: b.atLeast(),
		Difference: Number(b.value - a.value), Share: Number((b.value - a.value) / a.value), Low: unknown, High: unknown, Chance: unknown,
	}
	err, freedom := together(a, b, len(left.runs), len(right.runs))
	if !math.IsNaN(err) && !(r.AtLeastA && r.AtLeastB) {
		d, t := math.Log(b.value/a.value), distuv.StudentsT{Sigma: 1, Nu: freedom}
		margin := err * t.Quantile(0.975)
		r.Low, r.High = Number(math.Expm1(d-margin-a.higher)), Number(math.Expm1(d+margin+b.higher))
		r.Chance = Number(2 * t.CDF(-max(0, d-a.higher, -d-b.higher)/err))
	}
	r.Verdict = r.alone(left, right)
	return r
}

// together returns the standard error of the difference of two logarithms, and its degrees of freedom
// (Welch and Satterthwaite). A side that has only one run cannot know how much runs differ, and takes
// this from the other side if that has several.
func together(a, b estimate, runsA, runsB int) (err, freedom float64) {
	if runsA > runsB {
		a, b, runsA, runsB = b, a, runsB, runsA
	}
	if runsA == 1 && runsB > 1 {
		return math.Hypot(max(a.err, b.err*math.Sqrt(float64(runsB))), b.err), b.freedom
	}
	v, w := a.err*a.err, b.err*b.err
	return math.Sqrt(v + w), (v + w) * (v + w) / (v*v/a.freedom + w*w/b.freedom)
}
