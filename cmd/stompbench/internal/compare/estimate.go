package compare

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// estimate is a metric of one side and how well it is known.
type estimate struct {
	value   float64 // NaN if it was not measured
	err     float64 // standard error of its logarithm, NaN if there is too little data
	freedom float64 // degrees of freedom of err
	higher  float64 // by how much the logarithm may be higher, because samples are lower bounds
}

func (e *estimate) atLeast() bool { return math.IsInf(e.higher, 1) }

const (
	least  = 20   // how many intervals an estimate from one run needs
	exact  = 1e-9 // the smallest standard error, so that nothing is divided by 0
	bucket = 1e-3 // how wide the buckets of a histogram are at most, as a share of their values
)

// estimate estimates a metric.
func (s *side) estimate(m *Metric) estimate {
	h, e := s.latency[m.kind], estimate{value: math.NaN(), err: math.NaN()}
	switch {
	case m.counted():
		e.value = s.totals.Value(m.def.ID)
		return e
	case m.kind == "":
		return s.ratio(ratios[m.def.ID])
	case m.stat == metric.Mean:
		e = s.ratio(samples(m.kind, func(low, high int64) float64 { return float64(low+high) / 2 }))
	case m.stat == metric.Max && h.Count() > 0:
		e.value = float64(h.Max())
	case m.stat > 0 && metric.Tells(h.Count(), m.stat):
		e = s.percentile(m.kind, m.stat)
	}
	if h.Censored > 0 && e.value > 0 {
		e.higher = math.Inf(1)
		if p := m.stat + 100*float64(h.Censored)/float64(h.Count()); m.stat > 0 && p <= 100 {
			e.higher = math.Log(float64(h.Percentile(p)) / e.value)
		}
	}
	return e
}

// ratio estimates a ratio of sums; the deviations that the parts of the side add give its error.
func (s *side) ratio(of terms) estimate {
	var n, d []float64
	for _, part := range s.parts {
		var sumN, sumD float64
		for i := range part {
			x, y := of(&part[i])
			sumN, sumD = sumN+x, sumD+y
		}
		if sumN != 0 || sumD != 0 {
			n, d = append(n, sumN), append(d, sumD)
		}
	}
	e := estimate{value: math.NaN(), err: math.NaN()}
	sum, over := floats.Sum(n), floats.Sum(d)
	if !(sum > 0 && over > 0) {
		return e
	}
	e.value = sum / over
	deviations := floats.AddScaledTo(n, n, -e.value, d)
	var variance float64
	if len(s.runs) > 1 {
		variance, e.freedom = float64(len(n))*stat.Variance(deviations, nil), float64(len(n)-1)
	} else if len(n) >= least {
		variance, e.freedom = overTime(deviations)
	}
	if e.freedom >= 1 {
		e.err = max(exact, math.Sqrt(variance)/sum)
	}
	return e
}

// percentile estimates a percentile of a latency. The share of samples that do not exceed it is a
// ratio. Of the percentiles two standard errors of that share below and above, the farther one tells
// how far the value may be off (Woodruff's method). Both must be between 0 and 100.
func (s *side) percentile(kind metric.Latency, p float64) estimate {
	h := s.latency[kind]
	value := int64(h.Percentile(p))
	e := s.ratio(samples(kind, func(_, high int64) float64 {
		if high <= value {
			return 1
		}
		return 0
	}))
	off := 200 * e.err * e.value
	e.value, e.err = float64(value), math.NaN()
	if p-off >= 0 && p+off <= 100 && value > 0 {
		below, above := e.value/max(1, float64(h.Percentile(p-off))), float64(h.Percentile(p+off))/e.value
		e.err = (math.Log(max(below, above)) + bucket) / 2
	}
	return e
}

// overTime returns the variance of the sum of a series of deviations whose neighbours may be alike,
// and its degrees of freedom. It adds up neighbours, at least three and into some twenty sums, because
// single values would hide a slow change under noise. Of the sums it assumes that their memory fades
// evenly (an autoregression of the first order). In a short series, their correlation is too small by
// a bias that is known (Kendall). That it is an estimate, too, costs half of the degrees of freedom.
func overTime(deviations []float64) (variance, freedom float64) {
	var d []float64
	for part := range slices.Chunk(deviations, max(3, len(deviations)/20)) {
		d = append(d, floats.Sum(part))
	}
	n := float64(len(d))
	correlation := floats.Dot(d[1:], d[:len(d)-1]) / max(math.SmallestNonzeroFloat64, floats.Dot(d, d))
	alike := min(max((n*correlation+1)/(n-3), 0), 0.97)
	factor := (1 + alike) / (1 - alike) // what the variance of a sum is times that of independent values
	return n * factor * stat.Variance(d, nil), n / factor / 2
}
