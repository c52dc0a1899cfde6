package load

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// mostGathered is how many arrivals a consumer gathers before it records them, if there are not too
// many consumers for that.
const (
	mostGathered  = 256
	gatheredByAll = 1 << 20
	fewest        = 8
)

// consumer is one subscription. A consumer with several destinations is several of these on one
// session.
type consumer struct {
	run         *run
	worker      int // number among the plan's consumers
	destination int
	group       *group
	unsubscribe func(context.Context) error // nil without a subscription
	roundTrip   int64                       // of SUBSCRIBE

	// The reading goroutine only.
	reader  stamp.HeaderReader
	known   map[origin]uint32
	inBody  bool // stamps are only in bodies; otherwise they may be in a header
	acks    bool
	nackDue float64       // accumulated share of a NACK
	latency time.Duration // how long a message takes; 0 for no time
	timer   *time.Timer

	answered atomic.Uint64 // messages whose ACK or NACK was sent
	lingered atomic.Int64  // nanoseconds spent in linger

	mu        sync.Mutex // guards what follows
	order     ledger.Order
	tally     tally
	frozen    bool // the books are closed: record nothing more
	entries   []ledger.Entry
	send, due [2]batch // also of the warm-up
}

// tally is what one consumer has counted.
type tally struct {
	counts   metric.Counts // what was received is of this run, and repeats count
	measured uint64        // of the received ones: those after the warm-up
	came     int64         // arrival of the first message of this run, 0 if none
	first    int64         // arrival of the first that was measured, 0 if none
	last     int64         // arrival of the last
	ackErr   error         // the first error of ACK or NACK
}

func newConsumer(r *run, worker, destination int, g *group) *consumer {
	size := min(max(gatheredByAll/r.Plan.Consumers, fewest), mostGathered)
	c := &consumer{
		run: r, worker: worker, destination: destination, group: g,
		inBody:  r.Plan.Stamp == workload.StampBody && r.Plan.Producers > 0,
		acks:    r.Plan.Ack != frame.AckAuto,
		known:   make(map[origin]uint32),
		order:   ledger.NewOrder(g.producers),
		entries: make([]ledger.Entry, 0, size),
	}
	c.send, c.due = r.batches(metric.FromSend, size), r.batches(metric.FromDue, size)
	if r.Plan.Slow(worker) {
		c.latency = r.Plan.ConsumerLatency
		c.timer = time.NewTimer(time.Hour)
		c.timer.Stop()
	}
	return c
}

// handle handles one message. It does not allocate.
func (c *consumer) handle(body []byte, h frame.Header, m transport.Delivery) {
	now := c.run.clock.Now()
	var s stamp.Stamp
	err := c.read(body, h, &s)
	redelivered := m.Redelivered()
	refuse := c.acks && !redelivered && c.refuses()
	c.mu.Lock()
	if !c.frozen {
		c.judge(&s, err, now, redelivered)
		if refuse {
			c.tally.counts[metric.Nacked]++
		}
	}
	c.mu.Unlock()
	if c.latency > 0 {
		c.linger()
	}
	if c.acks {
		c.acknowledge(m, refuse)
	}
}

// busy reports whether a counted message has not been answered yet.
func (c *consumer) busy() bool {
	t := c.snapshot()
	return c.acks && c.answered.Load() < t.counts[metric.Received]+t.counts[metric.Corrupt]+t.counts[metric.Foreign]
}

// read finds the stamp of the message. Without producers in this process it may be in either place.
func (c *consumer) read(body []byte, h frame.Header, s *stamp.Stamp) error {
	if c.inBody {
		return stamp.Read(body, s)
	}
	if c.run.origins != nil {
		if err := stamp.Read(body, s); !errors.Is(err, stamp.ErrForeign) {
			return err
		}
	}
	return c.reader.Read(h.Get(stamp.Header), body, s)
}

// refuses reports whether this message gets a NACK.
func (c *consumer) refuses() bool {
	// Ten times 0.1 is a little less than 1.
	if c.nackDue += c.run.Plan.Nack; c.nackDue < 1-1e-9 {
		return false
	}
	c.nackDue--
	return true
}

// linger waits as long as a message takes to handle. It sleeps like a slow handler: the connection
// is not read meanwhile.
func (c *consumer) linger() {
	began := c.run.clock.Now()
	defer func() { c.lingered.Add(c.run.clock.Now() - began) }()
	c.timer.Reset(c.latency)
	select {
	case <-c.timer.C:
	case <-c.run.over:
		c.timer.Stop()
	}
}

// acknowledge sends ACK or NACK. In mode client, too, each message has an ACK of its own unless
// AckEvery gathers them; the earlier ones have been acknowledged already.
func (c *consumer) acknowledge(m transport.Delivery, refuse bool) {
	answer := m.Ack
	if refuse {
		answer = m.Nack
	}
	if err := answer(); err != nil {
		c.mu.Lock()
		c.tally.counts[metric.AckErrors]++
		c.tally.ackErr = cmp.Or(c.tally.ackErr, err)
		c.mu.Unlock()
	}
	c.answered.Add(1)
}

// judge counts a message by whose it is and whether it is intact. It is called with mu held.
func (c *consumer) judge(s *stamp.Stamp, err error, now int64, redelivered bool) {
	producer, ours := uint32(0), false
	if err == nil && c.run.ours(s) {
		producer, ours = c.number(s) // not ours if it was sent to another destination
	}
	switch {
	case errors.Is(err, stamp.ErrCorrupt):
		c.tally.counts[metric.Corrupt]++
	case !ours:
		c.tally.counts[metric.Foreign]++
	default:
		c.take(s, producer, now, redelivered)
	}
}

// take gathers an intact message of the run. Its stamp says whether it is of the warm-up; for an
// unknown sender, our own warm-up decides. For the rate, messages of this process count if they come
// after the warm-up, those of others if they are not of it.
func (c *consumer) take(s *stamp.Stamp, producer uint32, now int64, redelivered bool) {
	r, t := c.run, &c.tally
	in, after := measured, now >= r.measureFrom.Load()
	if s.Warmup || r.origins != nil && !r.Plan.Shared() && !after {
		in = warmUp
	}
	if r.origins != nil {
		after = in == measured
	}
	t.counts[metric.Received]++
	t.last = now
	if t.came == 0 {
		t.came = now
	}
	if after {
		if t.measured++; t.first == 0 {
			t.first = now
		}
	}
	c.send[in].add(now - s.Sent)
	c.due[in].add(now - s.Due)
	c.entries = append(c.entries, ledger.Entry{
		Producer: producer, Sequence: s.Sequence,
		Late: c.order.Late(producer, s.Priority, s.Sequence), Redelivered: redelivered,
	})
	if len(c.entries) == cap(c.entries) {
		c.flush()
	}
}

// flush records the gathered arrivals. It is called with mu held.
func (c *consumer) flush() {
	if len(c.entries) == 0 {
		return
	}
	c.group.mu.Lock()
	for i := range c.entries {
		c.group.book.Record(c.entries[i])
	}
	c.group.mu.Unlock()
	for in := range c.send {
		c.send[in].flush()
		c.due[in].flush()
	}
	c.entries = c.entries[:0]
}

// snapshot records everything gathered and returns the tally.
func (c *consumer) snapshot() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	return c.tally
}
