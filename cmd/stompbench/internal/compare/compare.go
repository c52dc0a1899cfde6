package compare

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// Options configure a comparison.
type Options struct {
	Skip float64 // seconds at the beginning of each run to leave out
	// Draws is how often each side is resampled for the intervals; 0 is 1000. Fewer draws are
	// faster, and their intervals are rougher.
	Draws int
}

// Comparison is the difference between two sides of runs.
type Comparison struct {
	Rows []Row `json:"metrics"`
	// Notes describe other differences and reasons to doubt the numbers.
	Notes []string `json:"notes"`
}

// Row is one metric of both sides. What was not measured is NaN.
type Row struct {
	Metric
	A, B float64
	// Low and High enclose the difference as a share of A, (B-A)/A, with a confidence of 95 %. They
	// are NaN if there is too little data.
	Low, High float64
}

// Verdict is the conclusion of a row.
type Verdict string

// The verdicts.
const (
	Better Verdict = "better"
	Worse  Verdict = "worse"
	// Different is a difference that is neither better nor worse.
	Different Verdict = "different"
	// Same says that no difference was seen, not that there is none.
	Same Verdict = "no difference seen"
	// Unknown: there is no interval.
	Unknown Verdict = ""
)

// Verdict returns the conclusion of the row.
func (r *Row) Verdict() Verdict {
	d := r.B - r.A
	switch {
	case math.IsNaN(d), !r.counted && math.IsNaN(r.Low):
		return Unknown
	case d == 0, r.noise():
		return Same
	case r.better == 0:
		return Different
	case d > 0 == (r.better > 0):
		return Better
	}
	return Worse
}

// noise reports whether the difference may be 0. A count has no noise.
func (r *Row) noise() bool { return !r.counted && !r.edge && !(r.Low > 0 || r.High < 0) }

// least is how many blocks of a side are needed for resampling.
const least = 5

// side is one side of a comparison.
type side struct {
	runs  [][]block
	whole *pool
}

// Compare compares the runs of side A with those of side B.
func Compare(a, b []*results.Result, opts Options) (*Comparison, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, errors.New("there is nothing to compare: each side needs a result")
	}
	left, right := newSide(a, opts.Skip), newSide(b, opts.Skip)
	if len(left.runs) == 0 || len(right.runs) == 0 {
		return nil, errors.New("nothing is left to compare: the runs are no longer than what is skipped")
	}
	c := &Comparison{Notes: notes(a, b, left, right)}
	for _, m := range Metrics() {
		row := Row{Metric: m, A: m.of(left.whole), B: m.of(right.whole), Low: math.NaN(), High: math.NaN()}
		if !math.IsNaN(row.A) || !math.IsNaN(row.B) {
			c.Rows = append(c.Rows, row)
		}
	}
	if left.blocks() >= least && right.blocks() >= least {
		draws := opts.Draws
		if draws == 0 {
			draws = 1000
		}
		c.bootstrap(left, right, draws)
	}
	return c, nil
}

func newSide(all []*results.Result, skip float64) *side {
	s := &side{whole: newPool()}
	for _, r := range all {
		cut := blocks(r, skip)
		if len(cut) > 0 {
			s.runs = append(s.runs, cut)
		}
		for i := range cut {
			s.whole.add(&cut[i])
		}
		s.whole.totals.Add(&r.Values)
	}
	return s
}

func (s *side) blocks() (n int) {
	for _, run := range s.runs {
		n += len(run)
	}
	return n
}

// draw fills p with runs and blocks drawn with replacement.
func (s *side) draw(random *rand.Rand, p *pool) {
	p.reset()
	for range s.runs {
		run := s.runs[random.IntN(len(s.runs))]
		for range run {
			p.add(&run[random.IntN(len(run))])
		}
	}
}

// bootstrap computes the intervals of all rows that are not counts.
func (c *Comparison) bootstrap(a, b *side, draws int) {
	random := rand.New(rand.NewPCG(20260101, 95)) // the seed is arbitrary but must not change
	left, right := newPool(), newPool()
	differences := make([][]float64, len(c.Rows))
	for range draws {
		a.draw(random, left)
		b.draw(random, right)
		for i := range c.Rows {
			row := &c.Rows[i]
			if row.counted || row.edge {
				continue
			}
			if was := row.of(left); was > 0 {
				if share := (row.of(right) - was) / was; !math.IsNaN(share) {
					differences[i] = append(differences[i], share)
				}
			}
		}
	}
	for i := range c.Rows {
		// A metric that many draws do not have, such as a percentile with few samples, has no
		// interval.
		if d := differences[i]; len(d) > draws*9/10 {
			slices.Sort(d)
			c.Rows[i].Low, c.Rows[i].High = d[len(d)*25/1000], d[len(d)*975/1000]
		}
	}
}
