package series

import (
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// MaxIntervals is the maximum number of intervals of a series. A longer run has longer intervals:
// two seconds after an hour, four after two hours.
const MaxIntervals = 3600

// MaxBytes is about how much memory the latencies of a series may take. A run whose latencies vary a
// lot takes some 40 kB a second, 140 MB for MaxIntervals; then its intervals become longer earlier.
const MaxBytes = 48 << 20

// Recorder makes the series of a run from its samples. Create it with
// [NewRecorder]; it is for one goroutine.
type Recorder struct {
	max    int
	series Series
}

// NewRecorder returns a recorder of samples that are taken each second.
func NewRecorder() *Recorder { return newRecorder(MaxIntervals) }

func newRecorder(most int) *Recorder { return &Recorder{max: most, series: Series{Step: 1}} }

// tooShort is the length in seconds below which no rate should be computed. A run's last sample can
// be that short.
const tooShort = 0.25

// Add records a sample.
func (r *Recorder) Add(s *load.Sample) {
	next := interval(s)
	for !r.extend(&next) {
		if n := len(r.series.Intervals); n < r.max && (n < 2 || r.series.bytes() <= MaxBytes) {
			r.series.Intervals = append(r.series.Intervals, next)
			return
		}
		r.series.widen()
	}
}

// extend adds next to the last interval if that is not full yet, or if next is too short to be an
// interval of its own. The end of sending ends an interval.
func (r *Recorder) extend(next *Interval) bool {
	all := r.series.Intervals
	if len(all) == 0 {
		return false
	}
	last := &all[len(all)-1]
	full := last.Seconds >= r.series.Step-0.5 || last.Sending && !next.Sending
	if full && next.Seconds >= tooShort {
		return false
	}
	last.append(next)
	return true
}

// Series returns what has been recorded. It is borrowed: valid until the next Add.
func (r *Recorder) Series() *Series { return &r.series }

func interval(s *load.Sample) Interval {
	i := Interval{
		T: seconds(s.Elapsed), Seconds: seconds(s.Interval), Sending: s.Sending || s.Counts[metric.Sent] > 0,
		Values: s.Values(), Latency: Latencies{},
	}
	for l, h := range s.Latencies {
		if l != metric.FromDue || h != s.Latencies[metric.FromSend] {
			i.Latency.put(l, h.Pack())
		}
	}
	if s.Warmup != nil {
		i.Warmup = Latencies{}
		for l, h := range s.Warmup {
			i.Warmup.put(l, h.Pack())
		}
	}
	return i
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
