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
		return min(c.end, math.MaxInt64-int64(catchUp))
	}
	return min(c.end, c.dueAt(c.Count))
}

// until returns until when connections were opened.
func (c *churning) until() int64 {
	until := max(c.start, c.last)
	if c.Count == 0 || c.begun < c.Count {
		until = max(until, c.end)
	}
	if c.cut > 0 {
		until = min(until, c.cut)
	}
	return min(until, c.clock.Now())
}

// slot is the resolution of the due times of connections that failed.
const slot = 100 * time.Millisecond

// missing counts the connections that were due until a time and never begun, and the share of those
// due that were not begun when they had to be. Those that were never connected count as latencies of
// at least the time from when they were due: otherwise a broker that stands still would have no
// latency.
func (c *churning) missing(until int64) {
	if c.Rate == 0 {
		return
	}
	due := uint64(math.Ceil(float64(min(until, c.end)-c.start) * c.Rate / 1e9))
	if c.Count > 0 {
		due = min(due, c.Count)
	}
	r := &c.report
	r.Unopened = due - min(due, c.begun)
	for n := due - r.Unopened; n < due; n++ {
		c.times[fromDue].RecordAtLeast(until-c.dueAt(n), 1)
	}
	for end, n := range c.unreached {
		c.times[fromDue].RecordAtLeast(until-c.start-end*int64(slot), n)
	}
	r.Missed = float64(due-min(due, c.inTime)) / float64(max(due, 1))
}
