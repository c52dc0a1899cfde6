package conn

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// Producer sends messages with the same destination and headers, pipelined and confirmed, and goes
// on after reconnects. Safe for concurrent use.
type Producer struct {
	c      *Client
	cfg    ProducerConfig
	core   *session.Producer // nil without receipts
	prefix string            // of the messages' ids; see ProducerConfig.IDHeader
	room   waitQueue
	last   atomic.Uint64 // the latest sequence number; changed with an outbox held
	home   atomic.Pointer[slot]

	mu  sync.Mutex // serialises making an encoding
	enc atomic.Pointer[encoding]

	closed atomic.Bool
}

// NewProducer returns a producer that lives until its Close, or as long as the client. It
// does not wait for a connection.
func (c *Client) NewProducer(cfg ProducerConfig) (*Producer, error) {
	cfg = cfg.withDefaults(c)
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	p := &Producer{c: c, cfg: cfg, prefix: rand.Text()}
	p.room.init(max(cfg.Window, 1))
	home := c.slotFor(cfg.Destination)
	p.home.Store(home)
	if _, err := p.encodeFor(&wire{version: frame.Version12}, nil); err != nil {
		return nil, err // before Send waits for a connection
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.core.Refused(); err != nil {
		return nil, err
	}
	if cfg.Window > 0 {
		core, err := c.core.NewProducer(home.core, session.ProducerConfig{
			Window: cfg.Window, Timeout: cfg.Timeout, Redeliver: cfg.Redeliver, MaxBytes: cfg.MaxBytes,
			InOrder: cfg.InOrder, Silent: cfg.OnOutcome == nil,
			ReceiptEvery: cfg.ReceiptEvery,
		}, p)
		if err != nil {
			return nil, err
		}
		p.core = core
	}
	c.producers[p] = struct{}{}
	return p, nil
}

// Send sends one message with the headers h in addition to those of the producer. It returns when
// the frame is encoded; body and h are borrowed until then. seq is the sequence number, from 1 on
// and without gaps; frames leave in that order. Send waits, under ctx, for a connection and for
// room in the window. After an error nothing was sent, and there will be no outcome; in a handler
// the error may be ErrWouldBlock, and after Close it Is net.ErrClosed. It does not allocate.
func (p *Producer) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	if err := checkFixed(h); err != nil {
		return 0, err
	}
	var copied *pool.Buffer
	if p.cfg.Redeliver {
		copied = copyMessage(h, body)
	}
	if seq, err = p.place(ctx, copied, body, h); err != nil && copied != nil {
		copied.Release()
	}
	return seq, err
}

// place waits for a connection and for room in the window, in either order, and sends the message.
func (p *Producer) place(ctx context.Context, copied *pool.Buffer, body []byte, h []frame.Field) (seq uint64, err error) {
	size := len(body) + fieldsSize(h) + 2*frameOverhead
	var stale *wire
	for {
		if p.closed.Load() {
			return 0, errProducerClosed
		}
		w, err := p.home.Load().currentFor(ctx, stale, p)
		if err != nil {
			return 0, err
		}
		if w == nil {
			continue // closed, or moved, meanwhile
		}
		e, err := p.encoding(w)
		var buf []byte
		if err == nil {
			buf, err = w.reserve(ctx, size)
		}
		if err != nil {
			if !isClosed(err) || ctx.Err() != nil {
				return 0, err
			}
			stale = w
			continue
		}
		seq := p.last.Load() + 1
		out, at, err := p.encode(buf, e, seq, h, body)
		if err == nil {
			err = e.checkSize(len(out)-len(buf), at)
		}
		if err != nil {
			w.l.Commit(buf)
			return 0, err
		}
		verdict := p.open(w, seq, copied)
		if verdict == session.Opened {
			p.last.Store(seq)
			if p.core != nil {
				e.policy.note(seq, at)
			}
			w.traceCommit(buf, out)
			return seq, nil
		}
		w.l.Commit(buf)
		if err := p.wait(ctx, w, verdict, copied); err != nil {
			return 0, err
		}
	}
}

// open asks the core whether the frame may leave. The outbox of w is held.
func (p *Producer) open(w *wire, seq uint64, copied *pool.Buffer) session.Verdict {
	if p.core == nil {
		w.notePlain()
		if p.closed.Load() {
			return session.Ended
		}
		return session.Opened
	}
	p.c.mu.Lock()
	verdict := p.c.core.Open(p.core, w.conn, seq, w.l.Tail(), copied)
	p.c.unlock()
	return verdict
}

// Flush waits until every send so far has its outcome and OnOutcome has returned. It returns an
// [*OutcomeError] if an outcome since the last Flush was not Confirmed, ctx.Err() if ctx ends
// first, and ErrWouldBlock in a handler.
func (p *Producer) Flush(ctx context.Context) error {
	if p.c.inHandler(ctx) {
		return ErrWouldBlock
	}
	if p.core == nil {
		return nil
	}
	wt := p.c.newWaiter()
	p.c.mu.Lock()
	p.c.core.Flush(p.core, &wt.call)
	p.c.unlock()
	return wt.wait(ctx, p.c)
}

// Close ends the producer. It refuses new sends, and sends that are waiting, with an error that Is
// net.ErrClosed. It waits under ctx for the outcomes of earlier sends, over a reconnect if
// necessary; those without an outcome are then Unknown. The client is not closed. It returns what
// Flush does; if ctx ends first, an error that Is ctx.Err() and has the OutcomeError of those that are
// Unknown. In a handler it returns ErrWouldBlock, and nothing changes. Closing again does nothing.
func (p *Producer) Close(ctx context.Context) error {
	if p.c.inHandler(ctx) {
		return ErrWouldBlock
	}
	p.closed.Store(true)
	c := p.c
	if p.core != nil {
		c.mu.Lock()
		c.core.StopProducer(p.core)
		c.unlock()
	}
	p.room.close()
	err := p.Flush(ctx)
	c.mu.Lock()
	delete(c.producers, p)
	if p.core != nil {
		c.core.EndProducer(p.core, errProducerClosed)
	}
	c.unlock()
	if late, is := errors.AsType[*OutcomeError](p.awaitReports()); is {
		err = errors.Join(err, late)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.enc.Load(); e != nil {
		e.w.forgetPolicy(&e.policy)
	}
	return err
}

// awaitReports waits until the outcomes that Close has settled are reported, but not for an
// OnOutcome that hangs, and returns what Flush does.
func (p *Producer) awaitReports() error {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	return p.Flush(ctx)
}

// ProducerStats counts the outcomes of a producer, and the sends that have none yet.
type ProducerStats struct {
	Confirmed, Rejected, Unknown, NotSent, Pending uint64
}

// Stats returns a snapshot. Without receipts nothing is counted.
func (p *Producer) Stats() (s ProducerStats) {
	if p.core == nil {
		return s
	}
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	t := p.core.Tally()
	return ProducerStats{
		Confirmed: t.Confirmed, Rejected: t.Rejected, Unknown: t.Unknown, NotSent: t.NotSent,
		Pending: uint64(p.core.Unsettled()),
	}
}

// moved records that the core gave the producer another slot.
func (p *Producer) moved() {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	before := p.home.Swap(p.core.Slot().User.(*slot))
	before.changed() // senders that wait there follow
}
