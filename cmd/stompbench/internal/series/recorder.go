package series

import (
	"cmp"
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// MaxIntervals is the maximum number of intervals of a series. A longer run has longer intervals:
// two seconds after an hour, four after two hours.
const MaxIntervals = 3600

// MaxBytes is how much memory the latencies of a series may take. A run whose latencies vary a
// lot takes some 40 kB a second, 140 MB for MaxIntervals; then its intervals become longer earlier.
const MaxBytes = 48 << 20

var maxBytes = MaxBytes // lower in a test

// tooShort is the length in seconds below which no rate should be computed. A run's last sample can
// be that short.
const tooShort = 0.25

// New returns an empty series for samples that are taken each second.
func New() *Series { return &Series{Step: 1} }

// Add records a sample, which follows those before.
func (s *Series) Add(sample *load.Sample) {
	next := interval(sample)
	if !s.extend(&next) {
		s.Intervals = append(s.Intervals, next)
	}
	for n := len(s.Intervals); n > cmp.Or(s.most, MaxIntervals) || n > 1 && s.bytes() > maxBytes; n = len(s.Intervals) {
		s.widen()
	}
}

// extend adds next to the last interval if that is not full yet, or if next is too short to be an
// interval of its own. The end of sending ends an interval.
func (s *Series) extend(next *Interval) bool {
	if len(s.Intervals) == 0 {
		return false
	}
	last := &s.Intervals[len(s.Intervals)-1]
	full := last.Seconds >= s.Step-0.5 || last.Sending && !next.Sending
	if full && next.Seconds >= tooShort {
		return false
	}
	last.append(next)
	return true
}

func interval(s *load.Sample) Interval {
	i := Interval{
		T: seconds(s.Elapsed), Seconds: seconds(s.Interval), Sending: s.Sending || s.Counts[metric.Sent] > 0,
		Values: s.Values(), Latency: packed(s.Latencies), Warmup: packed(s.Warmup),
	}
	if s.Latencies[metric.FromDue] == s.Latencies[metric.FromSend] {
		delete(i.Latency, metric.FromDue)
	}
	return i
}

// packed returns the distributions that have samples; nil for nil.
func packed(all load.Latencies) Latencies {
	if all == nil {
		return nil
	}
	out := Latencies{}
	for l, h := range all {
		out.put(l, h.Pack())
	}
	return out
}

// Thin returns the series with neighbouring intervals joined until it has at most that many.
// Percentiles are those of the joined samples. s is left as it is.
func (s *Series) Thin(most int) *Series {
	thin := &Series{Step: s.Step, Intervals: slices.Clone(s.Intervals)}
	for len(thin.Intervals) > max(1, most) {
		thin.widen()
	}
	return thin
}

// widen joins pairs of neighbouring intervals.
func (s *Series) widen() {
	all := s.Intervals
	half := all[:0]
	for i := 0; i < len(all); i += 2 {
		joined := all[i]
		if i+1 < len(all) {
			joined.append(&all[i+1])
		}
		half = append(half, joined)
	}
	clear(all[len(half):])
	s.Intervals = half
	s.Step *= 2
}
