package series

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Point is a percentile over neighbouring intervals. The zero value is unknown: there were too few
// samples.
type Point struct {
	From, To float64 // when these intervals begin and end, in seconds since the start
	Ns       int64
	AtLeast  bool // it is a lower bound
}

// Known reports whether there were enough samples.
func (p Point) Known() bool { return p.To > 0 }

// aGap is how many times as long as the average time between samples a time without any has to be for
// intervals before and after it not to be joined. A single interval without samples does not matter.
const aGap = 20

// Percentile returns a percentile over time, for each interval. Neighbouring intervals are joined until
// ten samples are above the percentile: otherwise a p99 of a run with fewer than 1,000 messages a second
// would be known in the seconds after a stall only, when many arrive. Joined intervals have the same
// point. What is left over at the end joins the point before it. A stall, in which nothing is measured,
// is never in the middle of joined intervals: what comes after it would show before it.
func (s *Series) Percentile(kind metric.Latency, p float64) []Point {
	points := make([]Point, len(s.Intervals))
	for from, to := 0, 0; from < len(points); from = to {
		if to = s.stretch(kind, from); to > from {
			s.percentile(points, kind, p, from, to)
		}
		for to < len(points) && s.Intervals[to].Latency[kind] == nil {
			to++
		}
	}
	return points
}

// stretch returns where the intervals from the given one on end that no gap interrupts.
func (s *Series) stretch(kind metric.Latency, from int) (to int) {
	count, length, gap := 0.0, 0.0, 0.0
	for i := from; i < len(s.Intervals); i++ {
		in := &s.Intervals[i]
		gap += in.Seconds
		if l := in.Latency[kind]; l != nil {
			count, length, gap, to = count+float64(l.Count), length+gap, 0, i+1
		} else if count > 0 && gap > max(1.5*s.Step, aGap*length/count) {
			return to
		}
	}
	return max(to, from)
}

// percentile sets the points of intervals that no gap interrupts.
func (s *Series) percentile(points []Point, kind metric.Latency, p float64, from, to int) {
	var sum, before histo.Packed // of the intervals from first on, and of the point before
	first, last := from, from
	fill := func(from, to int, of histo.Packed) {
		a, b := &s.Intervals[from], &s.Intervals[to-1]
		point := Point{From: a.T - a.Seconds, To: b.T, Ns: int64(of.Percentile(p)), AtLeast: metric.AtLeast(of.Count(), of.Censored, p)}
		for i := from; i < to; i++ {
			points[i] = point
		}
	}
	for i := from; i < to; i++ {
		if l := s.Intervals[i].Latency[kind]; l != nil {
			sum = sum.Plus(l.HDR)
		}
		if metric.Tells(sum.Count(), p) {
			fill(first, i+1, sum)
			last, first = first, i+1
			before, sum = sum, histo.Packed{}
		}
	}
	if first > from && first < to && !sum.Empty() {
		fill(last, to, before.Plus(sum))
	}
}
