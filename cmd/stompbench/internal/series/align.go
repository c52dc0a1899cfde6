package series

import (
	"math"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Part is a series and when it began.
type Part struct {
	Start  time.Time
	Series *Series
}

// Align adds up what several machines did, by the clock on the wall. Their
// intervals need not begin together: each counts as a whole for the interval of
// the sum that its machine's start, rounded to a step, puts it into; so it may
// stand up to half a step too early or too late. Nothing is lost or counted twice.
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
	a := aligner{step: sum.Step, scratch: histo.New()}
	for _, p := range parts {
		a.add(p.Series, int(math.Round(p.Start.Sub(start).Seconds()/sum.Step)))
	}
	sum.Intervals = a.sum
	return start, sum
}

type aligner struct {
	step    float64
	sum     []Interval
	scratch *histo.Histogram
}

// add adds a series that begins first steps after the start.
func (a *aligner) add(s *Series, first int) {
	var (
		last    = -1
		covered float64 // of the interval at index last
		backlog uint64  // at its end
	)
	settle := func(next int) {
		if last < 0 {
			return
		}
		a.sum[last].Seconds = max(a.sum[last].Seconds, covered)
		// What waits goes on waiting while the machine says nothing.
		for ; last < next; last++ {
			a.at(last).Backlog += backlog
		}
	}
	for i := range s.Intervals {
		in := &s.Intervals[i]
		at := in.T - in.Seconds/2
		if in.Seconds > 2*a.step {
			at = in.T // a stall: no interval may be longer than the time before its end
		}
		index := first + max(0, int(at/a.step))
		if index != last {
			settle(index)
			last, covered = index, 0
		}
		covered += in.Seconds
		backlog = in.Backlog
		a.at(index).add(in, a.scratch)
	}
	settle(last + 1)
}

// at returns the interval of that index, with all before it.
func (a *aligner) at(index int) *Interval {
	for len(a.sum) <= index {
		n := len(a.sum)
		a.sum = append(a.sum, Interval{T: float64(n+1) * a.step, Latency: Latencies{}})
	}
	return &a.sum[index]
}
