package histo

import (
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range of a histogram in nanoseconds. 1 ns to 1 h at three digits takes
// about 270 kB.
const (
	lowest  = 1
	highest = int64(time.Hour)
	digits  = 3
)

// Histogram counts latencies. Create it with New. It is not safe for concurrent
// use.
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

// Percentile returns the value that p percent of the samples do not exceed, 0 if
// there are none.
func (h *Histogram) Percentile(p float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.ValueAtPercentile(p))
}

// Min returns the smallest sample, to three digits, 0 if there is none.
func (h *Histogram) Min() time.Duration { return time.Duration(h.hdr.Min()) }

// Max returns the largest sample, to three digits, 0 if there is none.
func (h *Histogram) Max() time.Duration { return time.Duration(h.hdr.Max()) }

// Mean returns the average, 0 if there are no samples.
func (h *Histogram) Mean() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.Mean())
}

// Tells reports whether percentile p is meaningful: whether at least ten samples are above it.
func (h *Histogram) Tells(p float64) bool {
	return float64(h.Count())*(100-p)/100 >= 10-1e-9
}

// WritePercentiles writes the distribution by percentile as HdrHistogram does, in
// milliseconds.
func (h *Histogram) WritePercentiles(w io.Writer, ticks int32) error {
	_, err := h.hdr.PercentilesPrint(w, ticks, 1e6)
	return err
}
