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
}

// Known reports whether there were enough samples.
func (p Point) Known() bool { return p.To > 0 }

// Percentile returns a percentile over time, for each interval. Neighbouring intervals are joined until
// ten samples are above the percentile: otherwise a p99 of a run with fewer than 1,000 messages a second
// would be known in the seconds after a stall only, when many arrive. Joined intervals have the same
// point. What is left over at the end joins the point before it.
func (s *Series) Percentile(kind metric.Latency, p float64) []Point {
	points := make([]Point, len(s.Intervals))
	var sum, before histo.Packed // of the intervals from first on, and of the point before
	first, last := 0, 0
	fill := func(from, to int, of histo.Packed) {
		a, b := &s.Intervals[from], &s.Intervals[to-1]
		point := Point{From: a.T - a.Seconds, To: b.T, Ns: int64(of.Percentile(p))}
		for i := from; i < to; i++ {
			points[i] = point
		}
	}
	for i := range s.Intervals {
		if l := s.Intervals[i].Latency[kind]; l != nil {
			sum = sum.Plus(l.HDR)
		}
		if metric.Tells(sum.Count(), p) {
			fill(first, i+1, sum)
			last, first = first, i+1
			before, sum = sum, histo.Packed{}
		}
	}
	if first > 0 && first < len(points) && !sum.Empty() {
		fill(last, len(points), before.Plus(sum))
	}
	return points
}
