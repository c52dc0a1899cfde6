package load

import (
	"slices"
	"sync/atomic"
	"time"
)

// Waits is what the producers' goroutines did with their time. The rest of it went
// into making and encoding messages.
type Waits struct {
	Producers time.Duration // from the start to each one's last message, added up
	Window    time.Duration // for receipts, because the window was full
	Send      time.Duration // stalled in Send: see stalled
	Pacer     time.Duration // for the schedule: there was nothing due

	Consuming time.Duration // from the start to the last message that came
	// Linger is how much of that the busiest of the consumers' connections spent
	// taking its time over messages, as the plan's ConsumerLatency says.
	Linger time.Duration
}

// stalled is how long there may be between the time that a message was stamped and
// the next look at the clock before that counts as a stall. Encoding takes less
// than a microsecond; what takes longer than this was waiting, for room in the
// connection's outbox or for a processor. No clock is read to find out.
const stalled = int64(100 * time.Microsecond)

// waits adds up one producer's. It is for the producer's goroutine.
type waits struct {
	window, send, pacer int64
	last                int64 // when the last message was stamped
	lastWaited          int64 // window + pacer by then
}

// stamped takes note that a message was stamped at now, and that the producer had
// waited for its schedule for so long by then.
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

// addConsumers adds what the consumers did until the last message came. Those that
// share a connection wait for each other.
func (r *run) addConsumers(sum *Waits, last int64) {
	byConnection := make([]int64, max(1, r.plan.ConsumerConnections))
	for _, c := range r.consumers {
		byConnection[c.worker%len(byConnection)] += c.lingered.Load()
	}
	sum.Consuming = time.Duration(max(0, last-r.start))
	// The last message is taken after it has come.
	sum.Linger = min(time.Duration(slices.Max(byConnection)), sum.Consuming)
}

// roundTrip is the shortest of the times that receipts took. Safe for concurrent
// use; the zero value is none.
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
