package load

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Warmup is the latencies of the warm-up, which are in no other histogram.
type Warmup = latencies

// latencies are distributions of what [recorders] record.
type latencies struct{ FromSend, FromDue, Delay, Confirm *histo.Histogram }

func newLatencies() latencies { return latencies{histo.New(), histo.New(), histo.New(), histo.New()} }

func (l *latencies) all() [4]*histo.Histogram {
	return [4]*histo.Histogram{l.FromSend, l.FromDue, l.Delay, l.Confirm}
}

// recorders record the latencies of all workers.
type recorders struct{ send, due, delay, confirm *histo.Shards }

func newRecorders(consumers, producers int) *recorders {
	// A part without consumers records the unsent messages in from_due, for merge.
	return &recorders{histo.NewShards(consumers), histo.NewShards(max(1, consumers)), histo.NewShards(producers), histo.NewShards(producers)}
}

func (r *recorders) ofDelay() *histo.Shards { return r.delay }
func (r *recorders) ofDue() *histo.Shards   { return r.due }

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
func (r *recorders) drain(interval *latencies, totals ...*latencies) {
	for i, from := range []*histo.Shards{r.send, r.due, r.delay, r.confirm} {
		into := []*histo.Histogram{interval.all()[i]}
		into[0].Reset()
		for _, t := range totals {
			into = append(into, t.all()[i])
		}
		from.Drain(into...)
	}
}

// batch gathers latencies for a recorder that others may share. Its owner guards it. The zero value
// ignores them.
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
