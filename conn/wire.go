package conn

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// wire is one connection: the link, and what its reading goroutine knows.
type wire struct {
	c    *Client
	slot *slot
	conn *session.Conn
	l    *link.Link // set by publish
	addr string

	stopDial context.CancelCauseFunc // ends an attempt
	passcode string                  // is masked in what the broker says

	// ctx is what handlers get. It is cancelled as soon as the link is closed, with the reason as
	// its cause, and it marks calls that are made on the reading goroutine.
	ctx    context.Context
	cancel context.CancelCauseFunc

	// Set by CONNECTED, before other goroutines see the wire.
	session  Session
	version  frame.Version
	dialect  dialect.Dialect
	maxFrame int  // largest frame to send; 0 for any
	traced   bool // there is a Config.Trace

	connected atomic.Bool // set by the reading goroutine

	// Read side: the reading goroutine only.
	msg      Message      // the one that is being delivered
	receipts receiptBatch // of this read
	streamed *bodyStream  // the message that comes in parts; nil for none
	gathered *gathering   // the frame that is put together, or skipped; nil for none

	plain    atomic.Bool // something without a receipt was sent
	goodbye  atomic.Bool // DISCONNECT is in the outbox; set with that held
	last     int         // the size of the DISCONNECT that was sent; guarded by Client.mu
	flow     flow
	policies atomic.Pointer[[]*receiptPolicy] // an immutable snapshot; replaced under Client.mu
}

// Session says what was agreed on for one connection.
type Session struct {
	Name      string          // "producer 1", "consumer", "shared", or "isolated 1"
	Addr      string          // the address as in the URI, without secrets
	Version   frame.Version   // of the protocol
	HeartBeat frame.HeartBeat // as negotiated: how often we send, and expect to hear
	Headers   frame.Fields    // of CONNECTED, such as server and session
	Dialect   dialect.Dialect
}

// handlerKey finds the wire in the context that its handlers get.
type handlerKey struct{}

// handlerOf returns the wire from whose handler ctx comes, nil if from none. It runs the user's
// code if ctx is the user's: no lock may be held.
func handlerOf(ctx context.Context) *wire {
	w, _ := ctx.Value(handlerKey{}).(*wire)
	return w
}

// inHandler reports whether ctx comes from a handler of this connection.
func (w *wire) inHandler(ctx context.Context) bool { return handlerOf(ctx) == w }

// inHandler reports whether ctx comes from a handler of one of the client's connections.
func (c *Client) inHandler(ctx context.Context) bool {
	w := handlerOf(ctx)
	return w != nil && w.c == c
}

// OnFrame is called by the link.
func (h *wireHandler) OnFrame(f *frame.Frame) error {
	w := (*wire)(h)
	if !w.connected.Load() {
		return w.handshake(f)
	}
	switch f.Command {
	case frame.CmdReceipt:
		if w.c.cfg.Trace != nil {
			w.settleReceipts()
			w.trace(&Event{Kind: EventReceived, Frame: f})
		}
		w.receipts.add(f.Header.Get(frame.HeaderReceiptID))
		return nil
	case frame.CmdMessage:
		w.settleReceipts()
		w.deliver(f)
	case frame.CmdError:
		w.settleReceipts()
		w.serverError(f)
	default:
		return &unexpectedFrame{f.Command}
	}
	return nil
}

// OnRead is called by the link, after the frames of one read.
func (h *wireHandler) OnRead() { (*wire)(h).settleReceipts() }

// OnHeartBeat is called by the link.
func (h *wireHandler) OnHeartBeat() {
	w := (*wire)(h)
	if w.c.cfg.Trace != nil && w.session.HeartBeat.Receive > 0 {
		w.trace(&Event{Kind: EventHeartBeat})
	}
}

// Cause is called by the link when the stream has ended from outside.
func (h *wireHandler) Cause(err error) error {
	w := (*wire)(h)
	w.settleReceipts()
	w.c.mu.Lock()
	defer w.c.unlock()
	return w.c.core.CauseOf(w.conn, err, w.c.clock.now())
}

// OnClose is called by the link, last.
func (h *wireHandler) OnClose(err error) {
	w := (*wire)(h)
	w.settleReceipts()
	w.endBodies(err)
	w.cancel(err)
	w.stopDial(err) // what DialFunc and Credentials have derived from its context ends, too
	if !w.connected.Load() {
		err = w.c.unreached(w, withCause(context.Background(), err))
	}
	w.lost(err)
}

// lost tells the core that the connection is gone.
func (w *wire) lost(err error) {
	c := w.c
	var attempted uint64
	var past link.Stats
	var unwritten int
	if w.l != nil {
		attempted, past, unwritten = w.l.Attempted(), w.stats(w.conn.HeartBeat), w.l.Unwritten()
	}
	c.mu.Lock()
	if unwritten -= w.last; unwritten > 0 && w.plain.Load() && w.conn.Alive() && c.core.Disconnecting() {
		c.unsent = append(c.unsent, w.unsent(unwritten, err))
	}
	c.core.Lost(w.conn, err, attempted, c.clock.now())
	delete(c.wires, w.conn)
	c.stats.past = addStats(c.stats.past, past)
	c.unlock()
	if c.cfg.Logger != nil && w.connected.Load() && !w.goodbye.Load() {
		c.cfg.Logger.Warn("stomp: connection lost", "connection", w.slot.core.Name, "addr", w.addr, "cause", err)
	}
}

// unsent returns the error of Disconnect for plain sends: n octets of the connection were not written.
func (w *wire) unsent(n int, why error) error {
	err := fmt.Errorf("up to %d octets on connection %q", n, w.slot.core.Name)
	if why = cause(why); why != nil && !isClosed(why) { // we have not closed it ourselves
		err = fmt.Errorf("%w: %w", err, why)
	}
	return session.NotSentBecause(err)
}

// wireHandler is the wire as the link's handler.
type wireHandler wire

var (
	_ link.Handler     = (*wireHandler)(nil)
	_ link.Beater      = (*wireHandler)(nil)
	_ link.Causer      = (*wireHandler)(nil)
	_ link.Reader      = (*wireHandler)(nil)
	_ link.BodyHandler = (*wireHandler)(nil)
	_ link.Batcher     = (*wireHandler)(nil)
	_ link.Ender       = (*wireHandler)(nil)
)

// OnEnd is called by the link as soon as it is closed, whatever a handler is busy with. A client
// that stays connected does not wait for that handler to make the next connection. One that ends
// does: see OnClose. Trace gets EventDisconnected here, before the next connection is made.
//
// RECEIPTs are settled before user code runs. A few can be read and still end as unknown: those of the
// read that is being parsed now, and the one that Trace is handling. Waiting for them would delay the
// next connection.
func (h *wireHandler) OnEnd(err error) {
	w := (*wire)(h)
	w.cancel(err)
	c := w.c
	if !w.connected.Load() {
		return
	}
	if c.cfg.Trace != nil {
		w.trace(&Event{Kind: EventDisconnected, Err: err})
	}
	if c.cfg.NoReconnect {
		return
	}
	attempted := w.l.Attempted()
	c.mu.Lock()
	defer c.unlock()
	if c.core.Refused() == nil {
		c.core.Lost(w.conn, err, attempted, c.clock.now())
	}
}

// unexpectedFrame: a server does not send that.
type unexpectedFrame struct{ command frame.Command }

func (e *unexpectedFrame) Error() string {
	return fmt.Sprintf("stomp: unexpected %v frame from the broker", e.command)
}

// Is matches frame.ErrProtocol.
func (e *unexpectedFrame) Is(target error) bool { return target == frame.ErrProtocol }

// reserve gets the tail of the outbox for a frame of about size bytes, waiting for room under
// ctx. On success the caller holds the outbox and must Commit.
func (w *wire) reserve(ctx context.Context, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The estimate is at most that much above the frame. Refused here, it does not take the
	// memory first.
	if err := w.checkSize(size - 2*frameOverhead); err != nil {
		return nil, err
	}
	buf, err := w.l.TryReserve(size)
	if err == ErrWouldBlock && !w.inHandler(ctx) {
		buf, err = w.l.Reserve(ctx, size)
	}
	if err == nil && w.goodbye.Load() {
		w.l.Commit(buf)
		return nil, errDisconnecting
	}
	return buf, err
}

// reserveToAsk is reserve for a call that waits for an answer: if ctx or the connection ends first, the
// error Is ErrNotSent.
func (w *wire) reserveToAsk(ctx context.Context, size int) ([]byte, error) {
	buf, err := w.reserve(ctx, size)
	if err != nil && (isClosed(err) || ctx.Err() != nil) {
		err = session.NotSentBecause(err)
	}
	return buf, err
}

// reserveNow is reserve for what must not wait: frames that the core sends, ACK, NACK and ABORT.
func (w *wire) reserveNow(size int) ([]byte, error) {
	buf, err := w.l.ReserveNow(size)
	if err == nil && w.goodbye.Load() {
		w.l.Commit(buf)
		return nil, errDisconnecting
	}
	return buf, err
}

// frameOverhead is more than the command, the standard header names, and a receipt id take.
const frameOverhead = 128
