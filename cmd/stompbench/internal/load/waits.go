package load

import (
	"slices"
	"sync/atomic"
	"time"
)

// Waits is how the producers' goroutines spent their time, added up. The rest went into making and
// encoding messages.
type Waits struct {
	Producers time.Duration // from the start to each one's last message
	Window    time.Duration // for receipts, because the window was full
	Send      time.Duration // stalled in Send: see stalled
	Pacer     time.Duration // for the schedule: nothing was due

	// Behind is the part of the time for which a message was due and had not left, but for the
	// stretches that are too short to matter. Last is the part of that since each producer was last
	// on time: it explains the messages that were never sent.
	Behind, Last Behind

	Consuming time.Duration // from the start to the last message received
	// Linger is how much of that time the busiest of the consumers' connections spent on the plan's
	// ConsumerLatency.
	Linger time.Duration
}

// Behind is how producers spent the time for which they were behind their schedule, added up.
type Behind struct {
	Window, Send time.Duration
	Asleep       time.Duration // they began late, or their sleep took too long
	Making       time.Duration // making messages
	StoodStill   time.Duration // the process did not run: the times above contain this one
	// CPU is what the process used in that time, the longest of all producers: Wall.
	CPU, Wall time.Duration
}

// Sum is the whole time.
func (b *Behind) Sum() time.Duration { return b.Window + b.Send + b.Asleep + b.Making }

func (b *Behind) add(o *Behind) {
	b.Window += o.Window
	b.Send += o.Send
	b.Asleep += o.Asleep
	b.Making += o.Making
}

// stalled is how long there may be between the stamp of a message and the next reading of the clock
// before that counts as a stall. Encoding takes less than a microsecond. A longer time was spent
// waiting for room in the connection's outbox, or for a processor. No extra clock reading is
// needed.
const stalled = 100 * time.Microsecond

// matters is how long a producer must be behind for that to count: sleeps are late by a tenth of it.
const matters = time.Millisecond

// waits adds up the waits of one producer. It is for the producer's goroutine. With a schedule that
// calls woke, stamped, woke, stamped, … and at the end finish.
type waits struct {
	window, pacer int64 // sums; the gate adds to window
	send          time.Duration
	at            int64 // the last call, 0 before the first
	windowAt      int64 // window at that time

	earlier, last Behind
	since         int64 // when last begins
}

// woke records that the next message was due, and that it may be sent now, after the producer has
// waited paced for its schedule in all.
func (w *waits) woke(due, now, paced int64) {
	slept := paced != w.pacer
	if w.pacer = paced; slept {
		w.onTime(due)
	}
	behind := time.Duration(now - max(w.at, due))
	switch took := time.Duration(now - w.at); {
	case slept || w.at == 0:
		w.last.Asleep += max(0, behind)
	case took > stalled:
		w.send += took
		w.last.Send += max(0, behind)
	default:
		w.last.Making += max(0, behind)
	}
	w.at, w.windowAt = now, w.window
}

// onTime records that nothing was due before due.
func (w *waits) onTime(due int64) {
	if w.last.Sum() >= matters {
		w.earlier.add(&w.last)
	}
	w.last, w.since = Behind{}, due
}

// stamped records that a message was stamped at now.
func (w *waits) stamped(now int64) {
	window := w.window - w.windowAt
	w.last.Window += time.Duration(window)
	w.last.Making += time.Duration(now - w.at - window)
	w.at, w.windowAt = now, w.window
}

// finish records that sending ended, with a message that is due next.
func (w *waits) finish(now, due int64) {
	window := w.window - w.windowAt
	w.last.Window += time.Duration(window)
	w.at += window
	w.woke(due, now, w.pacer)
}

// flatOut records that a message was stamped at now, or that sending ended, without a schedule.
func (w *waits) flatOut(now int64) {
	took := time.Duration(now - w.at - (w.window - w.windowAt))
	if w.at != 0 && took > stalled {
		w.send += took
	}
	w.at, w.windowAt = now, w.window
}

// producersWaits adds up the waits of all producers.
func (r *run) producersWaits() (sum Waits) {
	var longest *producer // behind at the end
	for _, p := range r.producers {
		w := &p.waits
		sum.Producers += time.Duration(max(0, p.ended-r.start))
		sum.Window += time.Duration(w.window)
		sum.Send += w.send
		sum.Pacer += time.Duration(w.pacer)
		sum.Behind.add(&w.earlier)
		sum.Behind.add(&w.last)
		sum.Last.add(&w.last)
		if longest == nil || w.last.Sum() > longest.waits.last.Sum() {
			longest = p
		}
	}
	if longest != nil && !r.plan.FlatOut() {
		n := time.Duration(len(r.producers))
		since := max(r.start, longest.waits.since)
		sum.Behind.StoodStill = min(n*r.sampler.stood.since(r.start), sum.Behind.Sum())
		sum.Last.StoodStill = min(n*r.sampler.stood.since(since), sum.Last.Sum())
		sum.Last.Wall = time.Duration(longest.ended - since)
		sum.Last.CPU = time.Duration(r.sampler.cpu.last() - r.sampler.cpu.before(since))
	}
	return sum
}

// standstills are the times in which the process did not run: it was stopped, or the machine was.
type standstills []standstill

type standstill struct{ from, to int64 }

const (
	longStandstill  = 100 * time.Millisecond // a loaded machine takes less
	mostStandstills = 1000
)

// look records that a loop that should go on within every has gone on at now, after it waited at from.
func (s *standstills) look(from, now int64, every time.Duration) {
	if time.Duration(now-from)-every > longStandstill && len(*s) < mostStandstills {
		*s = append(*s, standstill{from, now})
	}
}

// since returns for how long the process did not run from a time on.
func (s standstills) since(from int64) (sum time.Duration) {
	for _, x := range s {
		sum += time.Duration(max(0, x.to-max(x.from, from)))
	}
	return sum
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
