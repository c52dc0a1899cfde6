package session

import "time"

// Sends are given up after a timeout without a clock reading for each of them: at every
// tick the window notes the last number, and a number is as old as the first tick that has
// seen it. Only time counts during which the producer is attached to a connection (rule: a
// delivery deadline runs while delivery is possible), so the window has a clock of its own
// that stands still while it is detached.
type expiry struct {
	timeout time.Duration // 0 for never
	tick    time.Duration
	ticking bool
	marks   []mark // oldest first
	next    Time   // of the core's clock: when the next tick is due

	attached bool
	since    Time          // when the window was attached
	before   time.Duration // how long it was attached before that
}

// mark says that all numbers up to seq had been sent at some moment of the window's clock.
type mark struct {
	at  time.Duration
	seq uint64
}

const (
	minTick = time.Millisecond
	// maxTick keeps a timeout of T within T + 1 s: a send may wait for a tick to be noted
	// and for another one to be given up.
	maxTick = 400 * time.Millisecond
)

func (x *expiry) init(timeout time.Duration) {
	x.timeout = timeout
	x.tick = min(max(timeout/8, minTick), maxTick)
}

// attach starts the window's clock.
func (x *expiry) attach(now Time) {
	if !x.attached {
		x.attached, x.since = true, now
	}
}

// detach stops the window's clock.
func (x *expiry) detach(now Time) {
	if x.attached {
		x.before += now - x.since
		x.attached = false
	}
}

// clock returns for how long the window has been attached.
func (x *expiry) clock(now Time) time.Duration {
	if x.attached {
		return x.before + now - x.since
	}
	return x.before
}

// due notes that last is the highest number, and returns up to which number all sends are
// as old as the timeout.
func (x *expiry) due(now Time, last uint64) (upTo uint64) {
	at := x.clock(now)
	if n := len(x.marks); n == 0 || x.marks[n-1].seq != last {
		x.marks = append(x.marks, mark{at: at, seq: last})
	}
	gone := 0
	for gone < len(x.marks) && x.marks[gone].at+x.timeout <= at {
		upTo = x.marks[gone].seq
		gone++
	}
	x.marks = append(x.marks[:0], x.marks[gone:]...)
	return upTo
}

// stop forgets all marks: nothing is open any more.
func (x *expiry) stop() { x.ticking, x.marks = false, x.marks[:0] }
