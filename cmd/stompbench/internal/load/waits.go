package load

import (
	"slices"
	"sync/atomic"
	"time"
)

// Waits is how the producers' goroutines spent their time. The rest went into making and encoding
// messages.
type Waits struct {
	Producers time.Duration // from the start to each one's last message, added up
	Window    time.Duration // for receipts, because the window was full
	Send      time.Duration // stalled in Send: see stalled
	Pacer     time.Duration // for the schedule: nothing was due

	Consuming time.Duration // from the start to the last message received
	// Linger is how much of that time the busiest of the consumers' connections spent on the plan's
	// ConsumerLatency.
	Linger time.Duration
}

// stalled is how long there may be between the stamp of a message and the next reading of the clock
// before that counts as a stall. Encoding takes less than a microsecond. A longer time was spent
// waiting for room in the connection's outbox, or for a processor. No extra clock reading is
// needed.
const stalled = int64(100 * time.Microsecond)

// waits adds up the waits of one producer. It is for the producer's goroutine.
type waits struct {
	window, send, pacer int64
	last                int64 // when the last message was stamped
	lastWaited          int64 // window + pacer at that time
}

// stamped records that a message was stamped at now, and that the producer had waited paced for its
// schedule by then.
func (w *waits) stamped(now, paced int64) {
	w.pacer = paced
	waited := w.window + w.pacer
	if busy := now - w.last - (waited - w.lastWaited); w.last != 0 && busy > stalled {
		w.send += busy
	}
	w.last, w.lastWaited = now, waited
}

// addTo adds the waits of a producer that began at start.
func (w *waits) addTo(sum *Waits, start, end int64) {
	sum.Producers += time.Duration(max(0, end-start))
	sum.Window += time.Duration(w.window)
	sum.Send += time.Duration(w.send)
	sum.Pacer += time.Duration(w.pacer)
}

// addConsumers adds the consumers' time until the last message. Consumers that share a connection
// wait for each other.
func (r *run) addConsumers(sum *Waits, last int64) {
	byConnection := make([]int64, max(1, r.plan.ConsumerConnections))
	for _, c := range r.consumers {
		byConnection[c.worker%len(byConnection)] += c.lingered.Load()
	}
	sum.Consuming = time.Duration(max(0, last-r.start))
	// The last message is handled after it has come.
	sum.Linger = min(time.Duration(slices.Max(byConnection)), sum.Consuming)
}

// roundTrip is the shortest receipt time. Safe for concurrent use; the zero value is none.
type roundTrip struct{ ns atomic.Int64 }

func (r *roundTrip) add(ns int64) {
	for {
		old := r.ns.Load()
		if old != 0 && old <= ns || r.ns.CompareAndSwap(old, ns) {
			return
		}
	}
}

func (r *roundTrip) shortest() time.Duration { return time.Duration(r.ns.Load()) }
