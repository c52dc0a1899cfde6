package stamp

import "time"

// Clock returns nanoseconds since the Unix epoch without jumps: it reads the wall clock once and
// the monotonic clock from then on. Copies of a Clock agree with each other. Safe for concurrent
// use.
type Clock struct {
	start time.Time // with its monotonic reading
	wall  int64
}

// NewClock reads the wall clock.
func NewClock() Clock {
	now := time.Now()
	return Clock{start: now, wall: now.UnixNano()}
}

// Now returns the time in nanoseconds since the Unix epoch.
func (c Clock) Now() int64 { return c.wall + int64(time.Since(c.start)) }

// Time converts a result of Now to a time with a monotonic reading.
func (c Clock) Time(ns int64) time.Time { return c.start.Add(time.Duration(ns - c.wall)) }
