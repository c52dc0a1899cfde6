package histo

import "sync"

// Recorder is a histogram that one side fills while another drains it. The filling side holds the
// lock for one batch, the draining side for swapping two pointers.
//
// A Recorder is safe for concurrent use. Workers may share one.
type Recorder struct {
	mu     sync.Mutex
	active *Histogram // guarded by mu

	collecting sync.Mutex // held before mu
	spare      *Histogram // guarded by collecting, empty between calls
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

// Drain moves everything recorded so far into each of the histograms.
func (r *Recorder) Drain(into ...*Histogram) {
	r.collecting.Lock()
	defer r.collecting.Unlock()
	r.mu.Lock()
	full := r.active
	r.active = r.spare
	r.mu.Unlock()
	if full.Count() > 0 { // an idle recorder costs nothing
		for _, h := range into {
			h.Merge(full)
		}
		full.Reset()
	}
	r.spare = full
}
