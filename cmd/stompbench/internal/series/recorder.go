package series

import "github.com/stompwire/stompwire/cmd/stompbench/internal/load"

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

func newRecorder(most int) *Recorder {
	return &Recorder{max: most, series: Series{Step: 1}}
}

// tooShort is the length in seconds below which no rate should be computed. A run's last sample can
// be that short.
const tooShort = 0.25

// Add records a sample.
func (r *Recorder) Add(s *load.Sample) {
	next := interval(s)
	if r.extend(&next) {
		return
	}
	if len(r.series.Intervals) == r.max || r.series.bytes() > MaxBytes && len(r.series.Intervals) > 1 {
		r.series.widen()
		if r.extend(&next) {
			return
		}
	}
	r.series.Intervals = append(r.series.Intervals, next)
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
		Period: Period{T: seconds(s.Elapsed), Seconds: seconds(s.Interval), Sending: s.Sending || s.Sent > 0, Latency: Latencies{}},
		Values: s.Values(),
	}
	for kind, h := range s.Histograms() {
		if kind != FromDue || h != s.FromSend {
			i.Latency.put(kind, h.Pack())
		}
	}
	if w := s.Warmup; w != nil && w.FromSend.Count()+w.Confirm.Count()+w.Delay.Count() > 0 {
		i.Warmup = Latencies{}
		for kind, h := range w.Histograms() {
			i.Warmup.put(kind, h.Pack())
		}
	}
	return i
}

// bytes returns about how much memory the latencies take.
func (s *Series) bytes() (n int) {
	for i := range s.Intervals {
		for _, all := range []Latencies{s.Intervals[i].Latency, s.Intervals[i].Warmup} {
			for _, l := range all {
				n += l.HDR.Size()
			}
		}
	}
	return n
}
