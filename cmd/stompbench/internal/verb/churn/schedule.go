package churn

import (
	"math"
	"time"
)

// catchUp is how long after its planned end a run that opens a number of connections may still begin
// the last ones: a stall that was made up for is no missed rate.
const catchUp = time.Second

// planned returns when the last connection is to be begun; the end of time without a rate.
func (c *churning) planned() int64 {
	if c.Rate == 0 || c.Count == 0 {
		return c.end
	}
	return min(c.end, c.dueAt(c.Count))
}

// until returns until when connections were opened.
func (c *churning) until() int64 {
	until := max(c.start, c.last.Load())
	if c.Count == 0 || c.begun.Load() < c.Count {
		until = max(until, c.end)
	}
	if cut := c.cut.Load(); cut > 0 {
		until = min(until, cut)
	}
	return min(until, c.clock.Now())
}

// slot is the resolution of the due times of connections that failed.
const slot = 100 * time.Millisecond

// missing returns how many connections were due until a time and never begun, and the share of those
// due that were not begun when they had to be. Those that were never connected count as latencies of
// at least the time from when they were due: otherwise a broker that stands still would have no
// latency.
func (c *churning) missing(until int64) (never uint64, missed float64) {
	if c.Rate == 0 {
		return 0, 0
	}
	due := uint64(math.Ceil(float64(min(until, c.end)-c.start) * c.Rate / 1e9))
	if c.Count > 0 {
		due = min(due, c.Count)
	}
	never = due - min(due, c.begun.Load())
	for n := due - never; n < due; n++ {
		c.due.RecordAtLeast(until-c.dueAt(n), 1)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for end, n := range c.unreached {
		c.due.RecordAtLeast(until-c.start-end*int64(slot), n)
	}
	return never, float64(due-min(due, c.inTime.Load())) / float64(max(due, 1))
}
