package compare

import (
	"math"
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// block is a part of a run.
type block struct {
	sent, confirmed, received, cpu float64
	// Seconds: all, those while sending, and those in which messages were or could have been
	// received.
	seconds, sending, receiving float64
	latency                     map[series.Kind][]bucket
}

// bucket is a bucket of a histogram that is not empty.
type bucket struct {
	index int
	count uint64
	sum   float64 // of its samples, each taken for the middle of the bucket
}

// maxBlocks is how many blocks a run is cut into at most. More cost time, and blocks that are
// shorter than the broker's fluctuations would understate the noise.
const maxBlocks = 60

// blocks cuts a run, without its warm-up and its first skip seconds, into blocks.
func blocks(r *results.Result, skip float64) (all []block) {
	skip = max(skip, r.Plan.WarmupSec)
	var intervals []*series.Interval
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		if in.T-in.Seconds >= skip-0.01 {
			intervals = append(intervals, in)
		}
	}
	size := (len(intervals) + maxBlocks - 1) / maxBlocks
	if size == 0 {
		return nil
	}
	sent, received := r.Plan.WarmupSec+r.Value(metric.Sending), r.Plan.WarmupSec+r.Value(metric.Receiving)
	if r.Plan.Producers == 0 {
		received = math.Inf(1) // its time begins with the first message
	}
	for part := range slices.Chunk(intervals, size) {
		all = append(all, join(part, sent, received))
	}
	return all
}

// join adds up intervals of a run whose last message was sent and received at these times, in
// seconds. The rest of the interval after that does not count; otherwise rates would be lower than
// the report's.
func join(part []*series.Interval, sent, received float64) block {
	b := block{latency: map[series.Kind][]bucket{}}
	for _, in := range part {
		b.cpu += in.Value(metric.CPU)
		b.sent += in.Value(metric.Sent)
		b.confirmed += in.Value(metric.Confirmed)
		b.received += in.Value(metric.Received)
		b.seconds += in.Seconds
		if in.Sending {
			b.sending += max(0, min(in.Seconds, sent-(in.T-in.Seconds)))
		}
		if in.Sending || in.Value(metric.Received) > 0 {
			b.receiving += max(0, min(in.Seconds, received-(in.T-in.Seconds)))
		}
	}
	for _, kind := range series.Kinds() {
		for index, n := range latencies(part, kind).Buckets() {
			b.latency[kind] = append(b.latency[kind], bucket{index, n, middle(index) * float64(n)})
		}
	}
	return b
}

// latencies adds up the latencies of one kind.
func latencies(part []*series.Interval, kind series.Kind) histo.Packed {
	if len(part) == 1 { // as in runs of a minute: nothing to unpack
		if l := part[0].Latency[kind]; l != nil {
			return l.HDR
		}
		return histo.Packed{}
	}
	sum := histo.New()
	for _, in := range part {
		if l := in.Latency[kind]; l != nil {
			sum.Add(l.HDR)
		}
	}
	return sum.Pack()
}

// pool is the sum of blocks, as if they were one run.
type pool struct {
	sent, confirmed, received, cpu, seconds, sending, receiving float64

	totals  metric.Values
	latency map[series.Kind]*counts
}

// counts is a histogram that is fast to add to and to empty.
type counts struct {
	count       [histo.Buckets]uint64
	low, high   int // buckets outside this range are empty
	total       uint64
	sum         float64
	percentiles [numPercentiles]float64
	known       bool // percentiles is up to date
}

func newPool() *pool {
	p := &pool{latency: map[series.Kind]*counts{}}
	for _, kind := range series.Kinds() {
		p.latency[kind] = &counts{low: histo.Buckets}
	}
	return p
}

func (p *pool) reset() {
	for _, c := range p.latency {
		if c.total > 0 {
			clear(c.count[c.low : c.high+1])
		}
		c.low, c.high, c.total, c.sum, c.known = histo.Buckets, 0, 0, 0, false
	}
	*p = pool{latency: p.latency, totals: p.totals}
}

func (p *pool) add(b *block) {
	p.sent += b.sent
	p.confirmed += b.confirmed
	p.received += b.received
	p.cpu += b.cpu
	p.seconds += b.seconds
	p.sending += b.sending
	p.receiving += b.receiving
	for kind, buckets := range b.latency {
		c := p.latency[kind]
		for _, b := range buckets {
			c.count[b.index] += b.count
			c.total += b.count
			c.sum += b.sum
			c.low, c.high = min(c.low, b.index), max(c.high, b.index)
		}
	}
}

// middle is the middle of a bucket.
func middle(index int) float64 {
	if index == 0 {
		return 0
	}
	return float64(histo.Highest(index-1)+1+histo.Highest(index)) / 2
}

func (p *pool) mean(kind series.Kind) float64 {
	c := p.latency[kind]
	return over(c.sum, float64(c.total))
}

// percentile returns the value that q percent do not exceed, as the report does; NaN if fewer than
// ten samples are above it, because the next run would have another value.
func (p *pool) percentile(kind series.Kind, at int) float64 {
	c := p.latency[kind]
	if !c.known {
		c.findPercentiles()
	}
	return c.percentiles[at]
}

// findPercentiles computes all of them in one pass; they ascend.
func (c *counts) findPercentiles() {
	c.known = true
	i, seen := c.low, uint64(0)
	for at, q := range percentiles {
		if c.total == 0 || q.p < 100 && float64(c.total)*(100-q.p)/100 < 10-1e-9 {
			c.percentiles[at] = math.NaN()
			continue
		}
		wanted := max(1, uint64(float64(c.total)*q.p/100+0.5)) // as HdrHistogram, and so the report, counts
		for ; seen < wanted; i++ {
			seen += c.count[i]
		}
		c.percentiles[at] = float64(histo.Highest(i - 1))
	}
}
