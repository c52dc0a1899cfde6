package load

import (
	"errors"
	"sync"

	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// group is the ledger of the consumers that share one copy of the stream.
type group struct {
	mu      sync.Mutex
	book    *ledger.Group
	damaged uint64
}

// arrivals is how many arrivals a consumer gathers before it writes them down.
const arrivals = 256

// consumer receives over one session.
type consumer struct {
	run          *run
	group        *group
	subscription transport.Subscription
	send, due    *histo.Recorder

	mu      sync.Mutex // guards what follows
	order   ledger.Order
	tally   tally
	frozen  bool // the books are being closed
	n       int  // of the arrays below
	entries [arrivals]ledger.Entry
	sendNs  [arrivals]int64
	dueNs   [arrivals]int64
}

// tally is what one consumer has counted.
type tally struct {
	intact  uint64 // messages of this run, repeats included
	corrupt uint64
	foreign uint64
	first   int64 // when the first message of this run came, 0 if none has
	last    int64 // when the last did
	ackErr  error // the first
}

func newConsumer(r *run, index int, g *group) *consumer {
	return &consumer{
		run: r, group: g,
		send: r.fromSend.For(index), due: r.fromDue.For(index),
		order: ledger.NewOrder(r.bookProducers()),
	}
}

// handle takes one message. It does not allocate.
func (c *consumer) handle(body []byte, m transport.Delivery) {
	now := c.run.clock.Now()
	var s stamp.Stamp
	err := stamp.Read(body, &s)
	c.mu.Lock()
	if !c.frozen {
		c.judge(&s, err, now)
	}
	c.mu.Unlock()
	if c.run.plan.Ack == frame.AckAuto {
		return
	}
	// One ACK for each message, in mode client too: there it covers earlier ones
	// that have theirs already.
	if err := m.Ack(); err != nil {
		c.mu.Lock()
		if c.tally.ackErr == nil {
			c.tally.ackErr = err
		}
		c.mu.Unlock()
	}
}

// judge decides whose message it is and whether it is sound; it holds mu.
func (c *consumer) judge(s *stamp.Stamp, err error, now int64) {
	switch {
	case errors.Is(err, stamp.ErrCorrupt):
		c.tally.corrupt++
	case err != nil || !c.run.ours(s):
		c.tally.foreign++
	default:
		c.take(s, now)
	}
}

func (c *consumer) take(s *stamp.Stamp, now int64) {
	c.tally.intact++
	if c.tally.first == 0 {
		c.tally.first = now
	}
	c.tally.last = now
	c.entries[c.n] = ledger.Entry{
		Producer: s.Producer,
		Sequence: s.Sequence,
		Late:     c.order.Late(s.Producer, s.Sequence),
	}
	c.sendNs[c.n] = now - s.Sent
	c.dueNs[c.n] = now - s.Due
	if c.n++; c.n == arrivals {
		c.flush()
	}
}

// flush writes down what was gathered; it holds mu.
func (c *consumer) flush() {
	if c.n == 0 {
		return
	}
	c.group.mu.Lock()
	for i := range c.n {
		c.group.book.Record(c.entries[i])
	}
	c.group.mu.Unlock()
	c.send.Record(c.sendNs[:c.n]...)
	// Flat out both latencies are the same one.
	if !c.run.plan.FlatOut() || c.run.plan.Producers == 0 {
		c.due.Record(c.dueNs[:c.n]...)
	}
	c.n = 0
}

// snapshot returns what the consumer has counted, all of it written down.
func (c *consumer) snapshot() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	return c.tally
}
