package series

import (
	"math"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Part is a series and when it began.
type Part struct {
	Start  time.Time
	Series *Series
}

// Align adds up the series of several machines by wall clock. Their intervals need not start
// together: each one counts as a whole for the interval of the sum into which its machine's start,
// rounded to a step, puts it. So it may be half a step too early or too late. Nothing is lost or
// counted twice.
func Align(parts []Part) (start time.Time, sum Series) {
	if len(parts) == 0 {
		return start, sum
	}
	start = parts[0].Start
	for _, p := range parts {
		if p.Start.Before(start) {
			start = p.Start
		}
		sum.Step = max(sum.Step, p.Series.Step)
	}
	a := aligner{step: sum.Step}
	for _, p := range parts {
		a.add(p.Series, int(math.Round(p.Start.Sub(start).Seconds()/sum.Step)))
	}
	sum.Intervals = a.sum
	return start, sum
}

type aligner struct {
	step float64
	sum  []Interval
}

// add adds a series that starts first steps after the start.
func (a *aligner) add(s *Series, first int) {
	var (
		last    = -1
		covered float64 // of the interval at index last
		backlog float64 // at its end
	)
	settle := func(next int) {
		if last < 0 {
			return
		}
		a.sum[last].Seconds = max(a.sum[last].Seconds, covered)
		// While the machine reports nothing, its backlog stays.
		for ; last < next; last++ {
			at := a.at(last)
			at.Set(metric.Backlog, at.Value(metric.Backlog)+backlog)
		}
	}
	for i := range s.Intervals {
		in := &s.Intervals[i]
		at := in.T - in.Seconds/2
		if in.Seconds > 2*a.step {
			at = in.T // after a stall: an interval may not be longer than the time before its end
		}
		index := first + max(0, int(at/a.step))
		if index != last {
			settle(index)
			last, covered = index, 0
		}
		covered += in.Seconds
		backlog = in.Value(metric.Backlog)
		a.at(index).add(in)
	}
	settle(last + 1)
}

// at returns the interval with that index, and makes all intervals before it.
func (a *aligner) at(index int) *Interval {
	for len(a.sum) <= index {
		n := len(a.sum)
		a.sum = append(a.sum, Interval{Period: Period{T: float64(n+1) * a.step, Latency: Latencies{}}})
	}
	return &a.sum[index]
}
