// Package histo records latencies with three significant digits, in fixed memory. The recording
// side never waits for the reporting side to add them up.
//
// Imports: HdrHistogram, the reference implementation.
package histo

import (
	"io"
	"iter"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range of a histogram in nanoseconds. 1 ns to 1 h at three digits takes about 270 kB.
const (
	lowest  = 1
	highest = int64(time.Hour)
	digits  = 3
)

// Histogram counts latencies. Create it with New. It is not safe for concurrent use.
type Histogram struct {
	hdr *hdrhistogram.Histogram
	Apart
}

// Apart counts samples that are not what they seem in the buckets.
type Apart struct {
	Negative uint64 `json:"negative"` // samples below 0, counted as 0
	TooLong  uint64 `json:"too_long"` // samples above an hour, counted as one
	// Censored is how many samples are lower bounds: of messages that were never sent or received.
	// See [Histogram.RecordAtLeast].
	Censored uint64 `json:"censored,omitempty"`
}

func (a *Apart) add(b Apart) {
	a.Negative += b.Negative
	a.TooLong += b.TooLong
	a.Censored += b.Censored
}

// New returns an empty histogram.
func New() *Histogram {
	return &Histogram{hdr: hdrhistogram.New(lowest, highest, digits)}
}

// Record counts one latency in nanoseconds. A negative one, which clocks that disagree produce, is
// counted as 0 and as negative. Record does not allocate.
func (h *Histogram) Record(ns int64) {
	if ns < 0 {
		h.Negative++
		ns = 0
	}
	if ns > highest {
		h.TooLong++
		ns = highest
	}
	_ = h.hdr.RecordValue(ns) // in range, so there is no error
}

// RecordAtLeast counts n latencies that are only known to be ns or longer, because the end that they
// wait for has not come (right-censored samples).
func (h *Histogram) RecordAtLeast(ns int64, n uint64) {
	if ns > highest {
		h.TooLong += n
	}
	h.Censored += n
	_ = h.hdr.RecordValues(min(max(ns, 0), highest), int64(n)) // in range, so there is no error
}

// Merge adds the samples of from. Percentiles of the sum are those of all samples together; an
// average of percentiles would not be.
func (h *Histogram) Merge(from *Histogram) {
	h.hdr.Merge(from.hdr)
	h.Apart.add(from.Apart)
}

// Reset removes all samples.
func (h *Histogram) Reset() {
	h.hdr.Reset()
	h.Apart = Apart{}
}

// Count returns the number of samples.
func (h *Histogram) Count() uint64 { return uint64(h.hdr.TotalCount()) }

// Percentile returns the value that p percent of the samples do not exceed, 0 if there are none.
func (h *Histogram) Percentile(p float64) time.Duration {
	return time.Duration(h.hdr.ValueAtPercentile(p))
}

// Min returns the smallest sample, to three digits, 0 if there is none.
func (h *Histogram) Min() time.Duration { return time.Duration(h.hdr.Min()) }

// Max returns the largest sample, to three digits, 0 if there is none.
func (h *Histogram) Max() time.Duration { return time.Duration(h.hdr.Max()) }

// Mean returns the average, 0 if there are no samples.
func (h *Histogram) Mean() time.Duration { return time.Duration(h.hdr.Mean()) }

// Bars yields the values that were recorded, in ascending order and to three digits, with how many
// samples each stands for.
func (h *Histogram) Bars() iter.Seq2[time.Duration, uint64] {
	return func(yield func(time.Duration, uint64) bool) {
		for _, bar := range h.hdr.Distribution() {
			if bar.Count > 0 && !yield(time.Duration(bar.To), uint64(bar.Count)) {
				return
			}
		}
	}
}

// Over returns how many samples lie above d, to three digits.
func (h *Histogram) Over(d time.Duration) (n uint64) {
	for value, count := range h.Bars() {
		if value > d {
			n += count
		}
	}
	return n
}

// WritePercentiles writes the distribution by percentile as HdrHistogram does, in milliseconds.
func (h *Histogram) WritePercentiles(w io.Writer, ticks int32) error {
	_, err := h.hdr.PercentilesPrint(w, ticks, 1e6)
	return err
}

// Recorder is a histogram that workers fill in batches while one goroutine drains it. Filling holds
// the lock for one batch, draining for swapping two pointers.
type Recorder struct {
	mu     sync.Mutex
	active *Histogram // guarded by mu
	spare  *Histogram // of the draining side, empty between calls
}

// NewRecorder returns an empty recorder.
func NewRecorder() *Recorder { return &Recorder{active: New(), spare: New()} }

// Record counts the latencies of a batch, in nanoseconds. It does not allocate.
func (r *Recorder) Record(batch ...int64) {
	r.mu.Lock()
	for _, ns := range batch {
		r.active.Record(ns)
	}
	r.mu.Unlock()
}

// RecordAtLeast counts n latencies of ns or longer: see [Histogram.RecordAtLeast].
func (r *Recorder) RecordAtLeast(ns int64, n uint64) {
	r.mu.Lock()
	r.active.RecordAtLeast(ns, n)
	r.mu.Unlock()
}

// Drain moves everything recorded so far into each of the histograms. It is for one goroutine.
func (r *Recorder) Drain(into ...*Histogram) {
	r.mu.Lock()
	r.active, r.spare = r.spare, r.active
	r.mu.Unlock()
	if r.spare.Count() > 0 { // an idle recorder costs nothing
		for _, h := range into {
			h.Merge(r.spare)
		}
		r.spare.Reset()
	}
}
