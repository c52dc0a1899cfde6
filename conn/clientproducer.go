package conn

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
	"github.com/stompwire/stompwire/writer"
)

// ClientProducerConfig says what a [ClientProducer] sends, and what becomes of it
// when the connection is lost.
type ClientProducerConfig struct {
	// Destination and Headers are those of every message.
	Destination string
	Headers     []frame.Field

	// Text leaves content-length away: see SendText. A body with NUL is refused.
	Text bool

	// Window is how many sends may be without outcome, counted from the oldest;
	// default 1000, at most MaxWindow. Send waits for room in it, as with
	// ProducerConfig.Window.
	Window int

	// ReceiptEvery, if above 1, asks for a receipt on every such frame only, and on
	// the last of each batch that goes to the network; it confirms those before it as
	// well. At most Window. Each connection to a broker whose Dialect does not have
	// ReceiptsCumulative is asked for all receipts nevertheless.
	// A rejected frame without a receipt is told by an ERROR that does not name it, so
	// the outcome of all that are open then is Unknown.
	ReceiptEvery int

	// AssumeCumulative is your word that a receipt of the broker holds for all SENDs
	// before it on the connection, for one that the Dialect does not know. It is not
	// true of RabbitMQ and ActiveMQ.
	AssumeCumulative bool

	// Timeout is how long after Send the outcome is Unknown at the latest, over
	// all connections; Config.ReceiptTimeout if it is 0.
	Timeout time.Duration

	// Redeliver sends again, on the next connection, what had no outcome when
	// one was lost: in order, before anything new, and marked with
	// DuplicateHeader, for the broker may have it already. For that a copy is
	// kept of each message until its outcome. Without Redeliver those outcomes
	// are Unknown.
	Redeliver bool

	// MaxBytes bounds these copies; default 16 MiB. Send waits for room. One
	// message may exceed it.
	MaxBytes int

	// DuplicateHeader is "x-possible-duplicate:true" if it is empty.
	DuplicateHeader frame.Field

	// IDHeader, if it is not empty, names a header whose value identifies the
	// message and stays the same when it is sent again: IDPrefix, a dash and
	// the sequence number. An empty IDPrefix takes a random one.
	IDHeader, IDPrefix string

	// InOrder has outcomes reported in the order of the sends, one at a time.
	InOrder bool

	// OnOutcome is called once for each send. It must not block, nor wait for
	// outcomes with Flush or Close, and without InOrder must be safe for concurrent
	// use. May be nil.
	OnOutcome func(Outcome)
}

const (
	defaultWindow   = 1000
	defaultMaxBytes = 16 << 20
)

// ClientProducer sends messages with the same destination and headers, pipelined
// and confirmed, over however many connections it takes. Safe for concurrent use.
type ClientProducer struct {
	cl  *Client
	ln  *lane
	cfg ClientProducerConfig
	ledger

	at      *attachment // guarded by ledger.mu; nil while there is no connection
	closing bool        // guarded by ledger.mu; Close was called
}

var _ member = (*ClientProducer)(nil)

// NewProducer returns a producer that lives as long as the client, or until its
// Close. It does not wait for a connection.
func (cl *Client) NewProducer(cfg ClientProducerConfig) (*ClientProducer, error) {
	if cfg.Window < 0 || cfg.Window > MaxWindow {
		return nil, fmt.Errorf("stomp: producer window of %d is not within 0 and %d", cfg.Window, MaxWindow)
	}
	if cfg.Destination == "" {
		return nil, &writer.HeaderError{Command: frame.CmdSend, Name: frame.HeaderDestination, Index: -1, Reason: writer.ErrMissing}
	}
	if cfg.Window == 0 {
		cfg.Window = defaultWindow
	}
	if err := checkEvery(cfg.ReceiptEvery, cfg.Window); err != nil {
		return nil, err
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	if cfg.DuplicateHeader == (frame.Field{}) {
		cfg.DuplicateHeader = frame.Field{Name: "x-possible-duplicate", Value: "true"}
	}
	if cfg.IDPrefix == "" {
		cfg.IDPrefix = rand.Text()
	}
	orDefault(&cfg.Timeout, cl.defaults.ReceiptTimeout)
	p := &ClientProducer{cl: cl, ln: cl.laneFor(cfg.Destination), cfg: cfg}
	if _, err := p.compile(nil, frame.Version12); err != nil {
		return nil, err
	}
	p.ledger.init(&p.cfg)
	return p, p.enter()
}

// enter joins the lane, and attaches to its connection if there is one.
func (p *ClientProducer) enter() error {
	c, err := p.ln.join(p)
	if err != nil {
		return err
	}
	if c == nil {
		return nil
	}
	if _, err := p.attach(context.Background(), c); err != nil && c.Err() == nil {
		p.ln.leave(p)
		return err
	}
	return nil
}

// Send sends one message with the headers h besides those of the producer. It
// returns its sequence number, from 1 on and without gaps, once the frame is
// encoded; body and h are borrowed until then. Under ctx it waits for a connection
// and for room in the window. With an error nothing was sent, and there will be no
// outcome; in a handler it may be ErrWouldBlock. It does not allocate.
func (p *ClientProducer) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	return p.send(ctx, p.due(), nil, body, h)
}

// SendBy is Send with a deadline for the outcome instead of the producer's
// Timeout.
func (p *ClientProducer) SendBy(ctx context.Context, deadline time.Time, body []byte, h ...frame.Field) (seq uint64, err error) {
	return p.send(ctx, max(1, int64(deadline.Sub(p.base))), nil, body, h)
}

// SendResult is Send that returns where the outcome can be waited for. It
// allocates.
func (p *ClientProducer) SendResult(ctx context.Context, body []byte, h ...frame.Field) (*Result, error) {
	r := &Result{done: make(chan struct{})}
	seq, err := p.send(ctx, p.due(), r, body, h)
	if err != nil {
		return nil, err
	}
	r.seq = seq
	return r, nil
}

// due returns when the Timeout of what is sent now ends.
func (p *ClientProducer) due() int64 {
	now := p.now()
	return now + min(int64(p.cfg.Timeout), math.MaxInt64-now)
}

func (p *ClientProducer) send(ctx context.Context, due int64, r *Result, body []byte, h []frame.Field) (seq uint64, err error) {
	if err := checkReserved(h); err != nil {
		return 0, err
	}
	rec := record{due: due, result: r}
	if p.cfg.Redeliver {
		rec.copied = copyMessage(h, body)
	}
	if seq, err = p.place(ctx, &rec, body, h); err != nil && rec.copied != nil {
		rec.copied.Release()
	}
	return seq, err
}

// place finds a connection and room for the message, in whatever order they come.
func (p *ClientProducer) place(ctx context.Context, rec *record, body []byte, h []frame.Field) (seq uint64, err error) {
	size := len(body) + fieldsSize(h) + 2*frameOverhead
	var stale *Conn
	for {
		c, err := p.ln.wait(ctx, stale, p.room.closed)
		if err != nil {
			return 0, p.endOr(err)
		}
		buf, err := c.reserve(ctx, size)
		if err != nil {
			if !notSent(err) || ctx.Err() != nil { // which may be the error
				return 0, err
			}
			stale = c
			continue
		}
		p.mu.Lock()
		switch {
		case p.ended != nil:
			err = p.ended
		case p.closing:
			err = ErrProducerClosed
		case p.at == nil || p.at.c != c:
			p.mu.Unlock()
			c.l.Commit(buf)
			if c.inHandler(ctx) {
				return 0, ErrWouldBlock // what was lost goes first
			}
			stale = c
			continue
		case !p.hasRoom(rec):
			p.mu.Unlock()
			c.l.Commit(buf)
			if err := p.waitForRoom(ctx, c, rec); err != nil {
				return 0, err
			}
			continue
		}
		out, at := buf, 0
		if err == nil {
			if out, at, err = p.encode(buf, p.at, p.last+1, h, body); err == nil {
				err = c.checkAsking(len(out)-len(buf), at, &p.at.ask)
			}
		}
		if err != nil {
			p.mu.Unlock()
			c.l.Commit(buf)
			return 0, err
		}
		seq = p.open(rec, p.at) // before the frame can leave, so before its receipt
		p.at.ask.note(seq, at)
		p.mu.Unlock()
		c.commitTold(buf, out)
		return seq, nil
	}
}

func (p *ClientProducer) endOr(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ended != nil:
		return p.ended
	case p.closing:
		return ErrProducerClosed
	}
	return err
}

// encode appends the frame. The outbox and mu are held. at is where a receipt line
// would be that the frame does not have, 0 if it has one.
func (p *ClientProducer) encode(dst []byte, a *attachment, seq uint64, h []frame.Field, body []byte) (out []byte, at int, err error) {
	dst = a.block.AppendHead(dst)
	for i := range h {
		if dst, err = writer.AppendHeader(dst, a.c.version, h[i].Name, h[i].Value); err != nil {
			return nil, 0, err
		}
	}
	dst = a.appendID(dst, seq)
	if a.ask.wants(seq) {
		dst = a.ask.append(dst, seq)
	} else {
		at = len(dst)
	}
	out, err = appendBody(dst, a.c.version, p.cfg.Text, body)
	return out, at, err
}

// Flush waits until every send so far has its outcome, and OnOutcome has returned. It
// returns ctx.Err() if ctx ends first, and ErrWouldBlock in a handler.
func (p *ClientProducer) Flush(ctx context.Context) error {
	if p.cl.inHandler(ctx) {
		return ErrWouldBlock
	}
	return p.flush(ctx)
}

// Close ends the producer: it refuses new sends with ErrProducerClosed, also those that
// wait for a connection or for room in the window, waits for the outcomes of those before
// under ctx, over a reconnect if need be, and reports what has none by then as unknown.
// The client lives on. It returns ctx.Err() if ctx ends first; in a handler it returns
// ErrWouldBlock, and nothing changes. Closing again does no harm.
func (p *ClientProducer) Close(ctx context.Context) error {
	if p.cl.inHandler(ctx) {
		return ErrWouldBlock
	}
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.room.close()
	err := p.flush(ctx)
	p.ln.leave(p)
	p.end(ErrProducerClosed)
	p.mu.Lock()
	a := p.at
	p.at = nil
	p.mu.Unlock()
	if a != nil {
		a.leave()
	}
	return err
}

// copyMessage returns a pooled copy of a message: the headers, in the form that
// nextField reads, and the body.
func copyMessage(h []frame.Field, body []byte) *pool.Buffer {
	b := pool.Get(len(body) + fieldsSize(h) + 8*len(h) + 8)
	b.B = appendCount(b.B, len(h))
	for i := range h {
		b.B = appendText(b.B, h[i].Name)
		b.B = appendText(b.B, h[i].Value)
	}
	b.B = append(b.B, body...)
	return b
}
