package compare

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// estimate is a metric of one side and how well it is known.
type estimate struct {
	value float64
	// center is the ratio, or the share of the samples that a percentile is for, and err its standard
	// error: of a ratio as a share of it.
	center, err float64
	freedom     float64 // degrees of freedom of err
	runs        int
	from        *distribution // of a percentile
	open        bool          // a mean that is a lower bound
}

// least is how many intervals of a run an estimate needs, and leastPieces how many independent ones
// they have to be worth.
const (
	least       = 20
	leastPieces = 2
)

// estimate estimates a ratio or a percentile; ok is false if there is too little data. Each part
// adds to the deviation of the ratio, or of the share of samples that do not exceed the percentile;
// the spread of what parts add gives the standard error.
func (s *side) estimate(m *Metric) (e estimate, ok bool) {
	e = estimate{value: m.of(s), runs: s.runs, open: m.at == mean && m.atLeast(s)}
	if !(e.value > 0) || m.happened() {
		return e, false
	}
	n, d := m.terms(&s.whole)
	e.center = n / d
	var deviations []float64
	for i := range s.parts {
		if in, of := m.terms(&s.parts[i]); in != 0 || of != 0 {
			deviations = append(deviations, in-e.center*of)
		}
	}
	var variance float64
	if s.runs > 1 {
		e.freedom = float64(len(deviations) - 1)
		variance, ok = squares(deviations)*float64(len(deviations))/e.freedom, e.freedom >= 1
	} else if len(deviations) >= least {
		variance, e.freedom = overTime(deviations)
		ok = e.freedom >= leastPieces-1
	}
	if e.err = math.Sqrt(variance) / n; m.kind != "" && m.at != mean {
		e.from, e.center, e.err = s.latency[m.kind], metric.Percentiles[m.at].P/100, math.Sqrt(variance)/d
	}
	return e, ok
}

// limits returns the logarithms of the values that lie so many standard errors below and above.
// Those of a percentile are the percentiles that far below and above it (Woodruff's method), to the
// ends of their buckets. A sample that is a lower bound may lie above any limit.
func (e *estimate) limits(errors float64) (low, high float64) {
	if e.from == nil {
		low, high = math.Log(e.value)-errors*e.err, math.Log(e.value)+errors*e.err
		if e.open {
			high = math.Inf(1)
		}
		return low, high
	}
	low, _ = e.from.within(e.center - errors*e.err)
	_, high = e.from.within(e.center + errors*e.err + e.from.censored)
	return low, high
}

// variance returns the square of the standard error of the logarithm of the value.
func (e *estimate) variance() float64 {
	low, high := e.limits(1)
	if math.IsInf(high, 1) { // as that of a p99.9 that few intervals decide
		high = 2*math.Log(e.value) - low
	}
	return (high - low) * (high - low) / 4
}

// contrast is the difference between the sides in one metric.
type contrast struct {
	a, b    estimate
	freedom float64
}

// newContrast takes the degrees of freedom from Welch and Satterthwaite.
func newContrast(a, b estimate) contrast {
	switch {
	case a.runs == 1 && b.runs > 1:
		a.err = max(a.err, b.ofOne())
		return contrast{a, b, b.freedom}
	case b.runs == 1 && a.runs > 1:
		b.err = max(b.err, a.ofOne())
		return contrast{a, b, a.freedom}
	}
	v, w := a.variance(), b.variance()
	freedom := a.freedom + b.freedom
	if v+w > 0 {
		freedom = (v + w) * (v + w) / (v*v/a.freedom + w*w/b.freedom)
	}
	return contrast{a, b, freedom}
}

// ofOne returns the standard error of one of the runs. A side that has only one cannot know how much
// runs differ, and takes this from the other side.
func (e *estimate) ofOne() float64 { return e.err * math.Sqrt(float64(e.runs)) }

// interval returns what lies so many standard errors below and above the logarithm of B/A. The
// distances of the limits of both sides are added as squares (Zou and Donner's MOVER).
func (c *contrast) interval(errors float64) (low, high float64) {
	a, b := math.Log(c.a.value), math.Log(c.b.value)
	lowA, highA := c.a.limits(errors)
	lowB, highB := c.b.limits(errors)
	return b - a - math.Hypot(b-lowB, highA-a), b - a + math.Hypot(highB-b, a-lowA)
}

// student is Student's distribution for the contrast.
func (c *contrast) student() distuv.StudentsT { return distuv.StudentsT{Sigma: 1, Nu: c.freedom} }

// chance returns the probability of such a difference, or a larger one, between equals (the p-value):
// that of the largest interval without 0.
func (c *contrast) chance() float64 {
	without, with := 0.0, 64.0
	for range 40 {
		errors := (without + with) / 2
		if low, high := c.interval(errors); low > 0 || high < 0 {
			without = errors
		} else {
			with = errors
		}
	}
	return 2 * c.student().CDF(-without)
}
