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
	for i, p := range parts {
		if i == 0 || p.Start.Before(start) {
			start = p.Start
		}
		sum.Step = max(sum.Step, p.Series.Step)
	}
	for _, p := range parts {
		for i, in := range p.Series.onSteps(sum.Step, int(math.Round(p.Start.Sub(start).Seconds()/sum.Step))) {
			if i == len(sum.Intervals) {
				sum.Intervals = append(sum.Intervals, Interval{T: float64(i+1) * sum.Step, Latency: Latencies{}})
			}
			to := &sum.Intervals[i]
			to.add(&in)
			to.Seconds = max(to.Seconds, in.Seconds)
			to.Set(metric.Backlog, to.Value(metric.Backlog)+in.Value(metric.Backlog))
		}
	}
	return start, sum
}

// onSteps returns the series in intervals of a step each, after a number of empty ones.
func (s *Series) onSteps(step float64, empty int) (all []Interval) {
	backlog := 0.0
	for i := range s.Intervals {
		in := &s.Intervals[i]
		at := in.T - in.Seconds/2
		if in.Seconds > 2*step {
			at = in.T // after a stall: an interval may not be longer than the time before its end
		}
		index := max(len(all)-1, empty+max(0, int(at/step)))
		for len(all) <= index {
			all = append(all, Interval{Latency: Latencies{}})
			all[len(all)-1].Set(metric.Backlog, backlog) // it stays while the machine reports nothing
		}
		all[index].append(in)
		backlog = in.Value(metric.Backlog)
	}
	return all
}
