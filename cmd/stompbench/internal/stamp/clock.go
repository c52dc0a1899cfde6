package stamp

import "time"

// Clock tells nanoseconds since the Unix epoch that never jump: the wall clock
// is read once and the monotonic clock carries on from there. Copies of a Clock
// agree with each other. Any number of goroutines may use it.
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

// Time returns the moment that Now once told, with a monotonic reading.
func (c Clock) Time(ns int64) time.Time { return c.start.Add(time.Duration(ns - c.wall)) }
