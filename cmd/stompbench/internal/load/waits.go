package load

import (
	"math"
	"slices"
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

// waits adds up the waits of one producer. It is for the producer's goroutine, which calls woke if
// there is a schedule, then stamped, for each message, and at the end woke. Flat out, a message is
// never due before it is stamped.
type waits struct {
	window, pacer int64 // sums; the gate adds to window
	send          time.Duration
	at            int64 // the last call, 0 before the first
	windowAt      int64 // window at that time
	sent          bool  // a message has been handed over since

	earlier, last Behind
	since         int64 // when last begins
}

// woke records that the next message is due at due and may be sent now, after the producer has waited
// paced for its schedule in all.
func (w *waits) woke(due, now, paced int64) {
	on := &w.last.Asleep
	switch {
	case paced != w.pacer:
		w.pacer = paced
		if w.last.Sum() >= matters { // nothing was due before this message
			w.earlier.add(&w.last)
		}
		w.last, w.since = Behind{}, due
	case w.at != 0:
		on = w.handed(now)
	}
	w.spent(due, now, on)
	w.sent = false
}

// stamped records that a message that was due at due was stamped now.
func (w *waits) stamped(due, now int64) {
	on := &w.last.Making
	if w.sent {
		on = w.handed(now)
	}
	w.spent(due, now, on)
	w.sent = true
}

// handed records for how long a message was handed over, and returns what that time was spent on.
func (w *waits) handed(now int64) *time.Duration {
	took := time.Duration(now - w.at - (w.window - w.windowAt))
	if took <= stalled {
		return &w.last.Making
	}
	w.send += took
	return &w.last.Send
}

// spent adds the time since the last call for which a message was due: first that in the window, then
// what it was spent on.
func (w *waits) spent(due, now int64, on *time.Duration) {
	opened := w.at + w.window - w.windowAt
	w.last.Window += time.Duration(max(0, opened-max(w.at, due)))
	*on += time.Duration(max(0, now-max(opened, due)))
	w.at, w.windowAt = now, w.window
}

// allWaits adds up the waits of all producers, and of the consumers until the last message came.
func (r *run) allWaits(last int64) (sum Waits) {
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
	if longest != nil && !r.Plan.FlatOut() {
		n, since, s := time.Duration(len(r.producers)), max(r.start, longest.waits.since), &r.sampler
		sum.Behind.StoodStill = min(n*s.stood.since(r.start), sum.Behind.Sum())
		sum.Last.StoodStill = min(n*s.stood.since(since), sum.Last.Sum())
		sum.Last.Wall = time.Duration(longest.ended - since)
		sum.Last.CPU = time.Duration(s.cpu.before(math.MaxInt64) - s.cpu.before(since))
	}
	// Consumers that share a connection wait for each other.
	byConnection := make([]int64, max(1, r.Plan.ConsumerConnections))
	for _, c := range r.consumers {
		byConnection[c.worker%len(byConnection)] += c.lingered.Load()
	}
	sum.Consuming = time.Duration(max(0, last-r.start))
	// The last message is handled after it has come.
	sum.Linger = min(time.Duration(slices.Max(byConnection)), sum.Consuming)
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
