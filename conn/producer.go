package conn

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// ProducerConfig says what a producer sends and how it is confirmed.
type ProducerConfig struct {
	// Destination and Headers are those of every message. They are checked and
	// encoded once.
	Destination string
	Headers     []frame.Field

	// Text leaves content-length away: see SendText. A body with NUL is refused.
	Text bool

	// Window is how many sends may be without outcome, counted from the oldest.
	// Send waits for room in a full one: until a quarter of it is free, which is
	// cheaper than being woken for each, or after 1 ms for any. 0 asks for no
	// receipts: then there are no outcomes either.
	Window int

	// ReceiptEvery, if above 1, asks for a receipt on every such frame only, and on
	// the last of each batch that goes to the network; it confirms those before it as
	// well. At most Window. NewProducer refuses it with ErrReceiptsNotCumulative unless
	// Dialect.ReceiptsCumulative, or AssumeCumulative, says that it may.
	// A rejected frame without a receipt is told by an ERROR that does not name it, so
	// the outcome of all that are open then is Unknown.
	ReceiptEvery int

	// AssumeCumulative is your word that a receipt of the broker holds for all SENDs
	// before it on the connection, for one that the Dialect does not know. It is not
	// true of RabbitMQ and ActiveMQ.
	AssumeCumulative bool

	// Timeout is how long to wait for a receipt before the outcome is Unknown;
	// Config.ReceiptTimeout if it is 0. It is kept to within a quarter, and is 4 ms at
	// least.
	Timeout time.Duration

	// OnOutcome is called once for each send. It must not block, nor wait for
	// outcomes with Flush or Close, and must be safe for concurrent use: outcomes
	// by timeout come from another goroutine than those by receipt. May be nil.
	OnOutcome func(Outcome)
}

// MaxWindow bounds ProducerConfig.Window: a window takes 8 bytes a slot.
const MaxWindow = 1 << 20

// Producer sends messages with the same destination and headers, pipelined. Safe
// for concurrent use.
type Producer struct {
	c      *Conn
	block  *writer.Block
	text   bool
	next   uint64  // last sequence number given out; guarded by the outbox lock
	win    *window // nil if there are no receipts
	number uint64  // in its receipt ids
	ask    asker
	closed atomic.Bool // looked at with the outbox held, so that nothing follows Close
}

// NewProducer returns a producer on this connection. It ends with the connection, or
// with its Close: one that is made for a piece of work and not closed stays in memory.
func (c *Conn) NewProducer(cfg ProducerConfig) (*Producer, error) {
	if cfg.Window < 0 || cfg.Window > MaxWindow {
		return nil, fmt.Errorf("stomp: producer window of %d is not within 0 and %d", cfg.Window, MaxWindow)
	}
	if cfg.Destination == "" {
		return nil, &writer.HeaderError{Command: frame.CmdSend, Name: frame.HeaderDestination, Index: -1, Reason: writer.ErrMissing}
	}
	if err := checkEvery(cfg.ReceiptEvery, cfg.Window); err != nil {
		return nil, err
	}
	n := every(cfg.ReceiptEvery, cfg.AssumeCumulative, &c.dialect)
	if cfg.ReceiptEvery > 1 && n == 1 {
		return nil, fmt.Errorf("%w: %s", ErrReceiptsNotCumulative, c.dialect.Name)
	}
	if err := checkReserved(cfg.Headers); err != nil {
		return nil, err
	}
	fields := append([]frame.Field{{Name: frame.HeaderDestination, Value: cfg.Destination}}, cfg.Headers...)
	block, err := writer.Compile(c.version, frame.CmdSend, fields)
	if err != nil {
		return nil, err
	}
	p := &Producer{c: c, block: block, text: cfg.Text}
	if cfg.Window > 0 {
		orDefault(&cfg.Timeout, c.cfg.ReceiptTimeout)
		p.win = newWindow(cfg, n > 1)
		if p.number, err = c.producers.add(p.win); err != nil {
			return nil, err
		}
		p.ask = asker{every: n, line: receiptLine(p.number)}
		c.ask(&p.ask)
	}
	return p, nil
}

// receiptLine is the beginning of the receipt header line of the producer with this
// number, up to where the sequence number follows.
func receiptLine(number uint64) []byte {
	return fmt.Appendf(nil, "%s:%c%d-", frame.HeaderReceipt, receiptMark, number)
}

// checkEvery refuses a ReceiptEvery with which a full window would wait for ever.
func checkEvery(n, window int) error {
	if n < 0 || n > 1 && n > window {
		return fmt.Errorf("stomp: ReceiptEvery of %d is not within 0 and the window of %d", n, window)
	}
	return nil
}

// checkReserved refuses headers that the producer writes itself.
func checkReserved(h []frame.Field) error {
	for i := range h {
		switch h[i].Name {
		case frame.HeaderReceipt, frame.HeaderContentLength, frame.HeaderTransaction, frame.HeaderDestination:
			return reservedError(frame.CmdSend, h, i)
		}
	}
	return nil
}

// Send sends one message with the headers h besides those of the producer. It
// returns its sequence number, from 1 on and without gaps, once the frame is
// encoded; body and h are borrowed until then. It waits, under ctx, while the
// window or the outbox is full. Frames leave in the order of their numbers. With
// an error nothing was sent; in a handler that may be ErrWouldBlock, and after Close it
// is ErrProducerClosed. It does not allocate.
func (p *Producer) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	if err := checkReserved(h); err != nil {
		return 0, err
	}
	size := len(body) + fieldsSize(h) + 2*frameOverhead
	for {
		buf, err := p.c.reserve(ctx, size)
		if err != nil {
			return 0, err
		}
		if p.closed.Load() {
			p.c.l.Commit(buf)
			return 0, ErrProducerClosed
		}
		if p.win != nil && !p.win.hasRoom(p.next+1) {
			p.c.l.Commit(buf)
			if err := p.waitForRoom(ctx); err != nil {
				return 0, err
			}
			continue
		}
		out, at, err := p.encode(buf, p.next+1, h, body)
		if err == nil {
			err = p.c.checkAsking(len(out)-len(buf), at, &p.ask)
		}
		if err != nil {
			p.c.l.Commit(buf)
			return 0, err
		}
		p.next++
		seq = p.next
		if p.win != nil {
			p.win.open(seq) // before the frame can leave, so before its receipt
			p.ask.note(seq, at)
		}
		p.c.commitTold(buf, out)
		return seq, nil
	}
}

// encode appends the frame; it holds the outbox. at is where a receipt line would be
// that the frame does not have, 0 if it has one.
func (p *Producer) encode(dst []byte, seq uint64, h []frame.Field, body []byte) (out []byte, at int, err error) {
	dst = p.block.AppendHead(dst)
	for i := range h {
		if dst, err = writer.AppendHeader(dst, p.c.version, h[i].Name, h[i].Value); err != nil {
			return nil, 0, err
		}
	}
	if p.win != nil {
		if p.ask.wants(seq) {
			dst = p.ask.append(dst, seq)
		} else {
			at = len(dst)
		}
	}
	out, err = p.appendBody(dst, body)
	return out, at, err
}

func (p *Producer) waitForRoom(ctx context.Context) error {
	if p.c.inHandler(ctx) {
		return ErrWouldBlock
	}
	return p.win.wait(ctx, p.c.Done()) // the next reserve says if the connection is gone
}

// Flush waits until every send so far has its outcome, and OnOutcome has returned. It
// returns ctx.Err() if ctx ends first.
func (p *Producer) Flush(ctx context.Context) error {
	if p.win == nil {
		return nil
	}
	if p.c.inHandler(ctx) {
		return ErrWouldBlock
	}
	return p.win.flush(ctx)
}

// Close ends the producer: it refuses new sends with ErrProducerClosed, also those that
// wait for room in the window, waits for the outcomes of those before under ctx, and
// reports what has none by then as unknown. The connection lives on. It returns ctx.Err()
// if ctx ends first; in a handler it returns ErrWouldBlock, and nothing changes. Closing
// again does no harm.
func (p *Producer) Close(ctx context.Context) error {
	if p.c.inHandler(ctx) {
		return ErrWouldBlock
	}
	p.closed.Store(true)
	p.c.passOutbox()
	if p.win == nil {
		return nil
	}
	p.win.room.close()
	err := p.win.flush(ctx)
	p.win.fail(ErrProducerClosed)
	p.c.producers.remove(p.number)
	p.c.forget(&p.ask)
	return err
}
