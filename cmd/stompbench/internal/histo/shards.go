package histo

import "runtime"

// Shards are the recorders of many workers: few enough that memory and merging do not matter, and
// enough that workers on different processors rarely contend. The zero value has no recorders.
type Shards struct{ recorders []*Recorder }

// NewShards returns recorders for the given number of workers.
func NewShards(workers int) *Shards {
	s := &Shards{}
	for range min(workers, 2*runtime.GOMAXPROCS(0)) {
		s.recorders = append(s.recorders, NewRecorder())
	}
	return s
}

// For returns the recorder of worker i.
func (s *Shards) For(i int) *Recorder { return s.recorders[i%len(s.recorders)] }

// Drain moves everything recorded so far into each of the histograms.
func (s *Shards) Drain(into ...*Histogram) {
	for _, r := range s.recorders {
		r.Drain(into...)
	}
}
