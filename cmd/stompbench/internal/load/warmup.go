package load

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Warmup is the latencies of the warm-up, which are in no other histogram.
type Warmup struct{ FromSend, FromDue, Delay, Confirm *histo.Histogram }

// warmup records the latencies of the warm-up. All workers share one recorder of each kind, because
// there are few batches and memory is for the run itself. The zero value records nothing.
type warmup struct {
	send, due, delay, confirm *histo.Recorder
	drained                   Warmup // of the last interval
}

// newWarmup returns the recorders for a run that has a warm-up or may receive messages of one.
func newWarmup(p *workload.Plan) warmup {
	if p.Warmup == 0 && p.Producers > 0 && !p.Shared() {
		return warmup{}
	}
	return warmup{
		send: histo.NewRecorder(), due: histo.NewRecorder(), delay: histo.NewRecorder(), confirm: histo.NewRecorder(),
		drained: Warmup{FromSend: histo.New(), FromDue: histo.New(), Delay: histo.New(), Confirm: histo.New()},
	}
}

// batches returns the batches of a producer, nil if there is no warm-up.
func (w *warmup) batches() (delays, confirms *batch) {
	if w.send == nil {
		return nil, nil
	}
	return &batch{recorder: w.delay}, &batch{recorder: w.confirm}
}

// drain returns what was recorded since the last call, nil if there are no recorders. It is
// borrowed: valid until the next call.
func (w *warmup) drain() *Warmup {
	if w.send == nil {
		return nil
	}
	for _, kind := range []struct {
		from *histo.Recorder
		to   *histo.Histogram
	}{{w.send, w.drained.FromSend}, {w.due, w.drained.FromDue}, {w.delay, w.drained.Delay}, {w.confirm, w.drained.Confirm}} {
		kind.to.Reset()
		kind.from.Drain(kind.to)
	}
	return &w.drained
}

// warmupBatch gathers latencies of a consumer's messages of the warm-up.
type warmupBatch struct{ send, due batch }

// warmUp adds a message of the warm-up. mu is held. The first one allocates the batch.
func (c *consumer) warmUp(send, due int64) {
	if c.warmup == nil {
		w := &c.run.warmup
		if w.send == nil {
			return // the message claims a warm-up in a run without one: ignore it
		}
		c.warmup = &warmupBatch{send: batch{recorder: w.send}, due: batch{recorder: w.due}}
	}
	c.warmup.send.add(send)
	if !c.run.dueIsSent() {
		c.warmup.due.add(due)
	}
}

// flush records the gathered latencies, if there are any.
func (b *warmupBatch) flush() {
	if b != nil && b.send.n > 0 {
		b.send.flush()
		b.due.flush()
	}
}
