package conn

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
	"github.com/stompwire/stompwire/writer"
)

// Producer sends messages with the same destination and headers, pipelined and confirmed, over
// however many connections it takes. Safe for concurrent use.
type Producer struct {
	c      *Client
	cfg    ProducerConfig
	core   *session.Producer // nil without receipts
	prefix string            // of the ids of its messages
	room   waitQueue
	last   atomic.Uint64 // the number of the latest send; changed with an outbox held
	home   atomic.Pointer[slot]

	mu  sync.Mutex // held while an encoding is made
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

// Send sends one message with the headers h besides those of the producer. It returns its
// sequence number, from 1 on and without gaps, once the frame is encoded; body and h are
// borrowed until then. Under ctx it waits for a connection and for room in the window. Frames
// leave in the order of their numbers. With an error nothing was sent, and there will be no
// outcome; in a handler it may be ErrWouldBlock, and after Close it is errProducerClosed. It
// does not allocate.
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

// place finds a connection and room for the message, in whatever order they come.
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

// wait waits for what keeps a message from being opened on w.
func (p *Producer) wait(ctx context.Context, w *wire, verdict session.Verdict, copied *pool.Buffer) error {
	if w.inHandler(ctx) {
		return ErrWouldBlock
	}
	switch verdict {
	case session.Ended:
		p.c.mu.Lock()
		defer p.c.unlock()
		if p.core == nil {
			return errProducerClosed
		}
		return p.c.core.EndOf(p.core)
	case session.Full:
		return p.waitForRoom(ctx, w, copied)
	}
	return p.waitAttached(ctx, w)
}

// waitForRoom returns when there may be room, or w has ended.
func (p *Producer) waitForRoom(ctx context.Context, w *wire, copied *pool.Buffer) error {
	size := 0
	if copied != nil {
		size = len(copied.B)
	}
	free := func() bool {
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		return p.core.HasRoom(size) || p.c.core.EndOf(p.core) != nil
	}
	var err error
	// A sender that is woken by room in the window, and has none for its copy, keeps the wake-up:
	// passed on among senders without room it would go round without end.
	for more := true; more; more = err == nil && !free() && !p.room.isClosed() && w.l.Err() == nil {
		err = p.room.wait(ctx, w.l.Done(), free)
	}
	p.wakeSender() // one wake-up for one sender: pass it on
	return err
}

// wakeSender wakes a sender if the window has room for it.
func (p *Producer) wakeSender() {
	if p.room.waiters.Load() == 0 {
		return
	}
	p.c.mu.Lock()
	free := p.core.Free()
	p.c.mu.Unlock()
	p.room.wake(uint64(free))
}

// waitAttached waits until w carries the producer again, after what has to be sent before, or
// has ended; it was moved to another slot, or another sender was faster.
func (p *Producer) waitAttached(ctx context.Context, w *wire) error {
	c := p.c
	for {
		c.mu.Lock()
		s := w.slot
		attached := p.core.Attached(w.conn) || !w.conn.Alive() || p.home.Load() != s || c.core.EndOf(p.core) != nil
		next := s.next
		c.mu.Unlock()
		if attached {
			return nil
		}
		select {
		case <-next:
		case <-w.l.Done():
			return nil
		case <-p.room.closed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// encoding returns what is encoded for w.
func (p *Producer) encoding(w *wire) (*encoding, error) {
	if e := p.enc.Load(); e != nil && e.w == w {
		return e, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.enc.Load()
	if old != nil && old.w == w {
		return old, nil
	}
	// A sender that comes late with a connection that has ended must not replace the encoding of the
	// next one: what that one has still to ask receipts for would be forgotten.
	if err := w.l.Err(); err != nil {
		return nil, err
	}
	e, err := p.encodeFor(w, p.cfg.Hints)
	if err != nil {
		return nil, err
	}
	if old != nil {
		old.w.forgetPolicy(&old.policy)
	}
	w.addPolicy(&e.policy)
	p.enc.Store(e)
	return e, nil
}

// encode appends the frame. at is where a receipt line would be that the frame does not have,
// 0 if it has one.
func (p *Producer) encode(dst []byte, e *encoding, seq uint64, h []frame.Field, body []byte) (out []byte, at int, err error) {
	dst = e.block.AppendHead(dst)
	for i := range h {
		if dst, err = writer.AppendHeader(dst, e.w.version, h[i].Name, h[i].Value); err != nil {
			return nil, 0, err
		}
	}
	dst = e.appendID(dst, seq)
	if p.core != nil {
		if e.policy.wants(seq) {
			dst = e.policy.append(dst, seq)
		} else {
			at = len(dst)
		}
	}
	out, err = e.appendBody(dst, body)
	return out, at, err
}

// appendID appends the header with the stable id, if there is to be one.
func (e *encoding) appendID(dst []byte, seq uint64) []byte {
	if e.id == nil {
		return dst
	}
	dst = strconv.AppendUint(append(dst, e.id...), seq, 10)
	return append(dst, '\n')
}

func (e *encoding) appendBody(dst, body []byte) ([]byte, error) {
	if e.text {
		if err := checkText(body, e.w.version); err != nil {
			return nil, err
		}
		return writer.AppendBody(dst, body), nil
	}
	if len(body) > 0 {
		dst = writer.AppendContentLength(dst, len(body))
	}
	return writer.AppendBody(dst, body), nil
}

// checkSize refuses a frame of size bytes, which may get a receipt line later, at this place.
func (e *encoding) checkSize(size, at int) error {
	if at > 0 {
		size += e.policy.size()
	}
	return e.w.checkSize(size)
}

// Flush waits until every send so far has its outcome, and OnOutcome has returned. It returns
// an [*OutcomeError] if an outcome since the last Flush was not Confirmed, ctx.Err() if ctx ends
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

// Close ends the producer: it refuses new sends with errProducerClosed, also those that wait,
// and waits for the outcomes of those before under ctx, over a reconnect if need be; what has
// none by then is Unknown. The client lives on. It returns what Flush does. In a handler it
// returns ErrWouldBlock, and nothing changes. Closing again does no harm.
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
	p.awaitReports()
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.enc.Load(); e != nil {
		e.w.forgetPolicy(&e.policy)
	}
	return err
}

// awaitReports returns when the outcomes that Close has settled are reported, unless OnOutcome hangs.
func (p *Producer) awaitReports() {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	_ = p.Flush(ctx)
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

// moved takes note that the core gave the producer another slot.
func (p *Producer) moved() {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	before := p.home.Swap(p.core.Slot().User.(*slot))
	before.changed() // senders that wait there follow
}
