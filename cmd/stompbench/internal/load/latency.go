package load

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Latencies are distributions, by what they are of.
type Latencies = map[metric.Latency]*histo.Histogram

func newLatencies() Latencies {
	all := Latencies{}
	for _, l := range metric.Latencies() {
		all[l] = histo.New()
	}
	return all
}

// recorders record the latencies of all workers.
type recorders map[metric.Latency]*histo.Recorder

// newRecorders returns the recorders of a part of the run. If each message is due when it is sent,
// from_due has none: it is from_send.
func newRecorders(dueIsSent bool) recorders {
	all := recorders{}
	for _, l := range metric.Latencies() {
		if l != metric.FromDue || !dueIsSent {
			all[l] = histo.NewRecorder()
		}
	}
	return all
}

// The two parts of a run, each with its recorders.
const (
	measured = iota
	warmUp
)

// phaseOf returns the part of the run that a message belongs to, by when it was due or sent.
func (r *run) phaseOf(at int64) int {
	if at < r.measureFrom.Load() {
		return warmUp
	}
	return measured
}

// drain moves what was recorded since the last call into interval, and adds it to the totals.
func (r recorders) drain(interval Latencies, totals ...Latencies) {
	for l, from := range r {
		interval[l].Reset()
		into := []*histo.Histogram{interval[l]}
		for _, t := range totals {
			into = append(into, t[l])
		}
		from.Drain(into...)
	}
}

// batch gathers latencies for a recorder, so that its lock is not shared for each message. Its owner
// guards it. The zero value ignores them.
type batch struct {
	recorder *histo.Recorder
	size     int
	flushed  int64 // time of the last flush; for addAt
	ns       []int64
}

// producerBatch is how many latencies a producer gathers.
const producerBatch = 128

// notLater is how long latencies may wait for their batch to fill. Samples are taken once a second.
const notLater = int64(100 * time.Millisecond)

// batches returns a worker's batches of one latency, in each part of the run.
func (r *run) batches(of metric.Latency, size int) (all [2]batch) {
	for in, to := range r.recorders {
		all[in] = batch{recorder: to[of], size: size}
	}
	return all
}

// addAt is add for a batch that only its owner flushes.
func (b *batch) addAt(now, ns int64) {
	b.add(ns)
	if now-b.flushed > notLater {
		b.flush()
		b.flushed = now
	}
}

// add allocates until the batch has had its size.
func (b *batch) add(ns int64) {
	if b.recorder == nil {
		return
	}
	if b.ns = append(b.ns, ns); len(b.ns) >= b.size {
		b.flush()
	}
}

func (b *batch) flush() {
	if len(b.ns) > 0 {
		b.recorder.Record(b.ns...)
		b.ns = b.ns[:0]
	}
}
