package conn

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// Conn is a session with a broker. Create it with [Dial] or [Open]. All methods
// are safe for concurrent use.
type Conn struct {
	cfg Config
	l   *link.Link
	ctx handlerContext // what handlers get

	// Set by CONNECTED, before Dial returns; not changed after.
	version  frame.Version
	server   string
	session  string
	dialect  Dialect
	maxFrame int           // largest frame to send; 0 for any
	ready    chan struct{} // closed by CONNECTED

	// Read side: the reading goroutine only.
	connected bool
	msg       Message      // the one that is being delivered
	lastError *ServerError // the latest ERROR frame that settled nothing
	streamed  *bodyStream  // the message that comes in parts; nil for none
	gathered  *gathering   // the frame that is put together; nil for none

	// Guarded by the outbox lock of the link, like everything between Reserve and
	// Commit: draining refuses what is new once Disconnect was called, and
	// disconnected everything once DISCONNECT is in the outbox. draining is also set
	// where there is no room in the outbox.
	draining     atomic.Bool
	disconnected bool

	askers atomic.Pointer[[]*asker] // an immutable snapshot; replaced under mu

	life    atomic.Int32 // lifeConnecting, lifeUp or lifeFailed
	leaving atomic.Bool  // Disconnect was called
	goodbye atomic.Bool  // DISCONNECT is in the outbox
	closed  chan struct{}

	unmatched atomic.Uint64
	subs      subscriptions
	receipts  receipts
	producers producers
	flow      flow

	mu         sync.Mutex
	lastTx     uint64          // guarded by mu
	openTx     map[string]bool // ids of transactions that have not ended; guarded by mu
	streamOver int             // the smallest of all subscriptions; guarded by mu
}

// A connection that fails before Dial returns is Dial's to report, later OnClose's.
// This decides which, once.
const (
	lifeConnecting = iota
	lifeUp
	lifeFailed
)

// Version returns the version of the session.
func (c *Conn) Version() frame.Version { return c.version }

// Server returns what the broker says of itself, such as "RabbitMQ/3.10.8"; ""
// if nothing.
func (c *Conn) Server() string { return c.server }

// Session returns the id that the broker gave the session; "" if none.
func (c *Conn) Session() string { return c.session }

// Done is closed when the connection has ended, for whatever reason.
func (c *Conn) Done() <-chan struct{} { return c.l.Done() }

// Err returns why the connection has ended, nil while it has not.
func (c *Conn) Err() error { return c.l.Err() }

// Stats returns a snapshot of what has passed through the connection.
func (c *Conn) Stats() link.Stats { return c.l.Stats() }

// Unsolicited returns how many messages came that belonged to no subscription.
func (c *Conn) Unsolicited() uint64 { return c.unmatched.Load() }

// Close ends the connection at once. What waits in the outbox is lost, and
// receipts that are still out have unknown outcomes. It may be called anywhere,
// more than once, and always returns nil.
func (c *Conn) Close() error {
	c.l.Close(nil)
	return nil
}

// OnFrame is called by the link.
func (s *sessionHandler) OnFrame(f *frame.Frame) error {
	c := (*Conn)(s)
	if !c.connected {
		return c.handshake(f)
	}
	switch f.Command {
	case frame.CmdMessage:
		c.lastError = nil // the connection has survived it
		c.deliver(f)
	case frame.CmdReceipt:
		c.lastError = nil
		if set := c.cfg.Listeners.now(); set != nil {
			set.receipt(c, f)
		}
		c.settle(f.Header.Get(frame.HeaderReceiptID), nil)
	case frame.CmdError:
		c.serverError(f)
	default:
		return &unexpectedFrame{f.Command}
	}
	return nil
}

// Cause is called by the link when the stream has ended from outside. A broker that
// sends ERROR and closes tells us one thing, not two; and one that closes after our
// DISCONNECT does what we asked for.
func (s *sessionHandler) Cause(err error) error {
	c := (*Conn)(s)
	switch {
	case c.goodbye.Load():
		return nil
	case c.lastError != nil:
		return c.lastError
	}
	return err
}

// OnClose is called by the link, last.
func (s *sessionHandler) OnClose(err error) {
	c := (*Conn)(s)
	c.endBodies(err)
	c.receipts.fail(err)
	// The user's code may end this goroutine, but not keep others from the news.
	defer c.tellClosed(err)
	defer close(c.closed)
	defer func() {
		if set := c.cfg.Listeners.now(); set != nil && c.connected {
			set.disconnected(c, err)
		}
	}()
	c.producers.fail(err)
}

func (c *Conn) tellClosed(err error) {
	if c.life.Load() != lifeUp {
		return
	}
	if c.cfg.Logger != nil && errors.Unwrap(err) != nil {
		c.cfg.Logger.Warn("stomp: connection lost", "addr", addrOf(c.l.NetConn()), "cause", err)
	}
	if c.cfg.OnClose != nil {
		c.cfg.OnClose(err)
	}
}

// OnHeartBeat is called by the link.
func (s *sessionHandler) OnHeartBeat() {
	c := (*Conn)(s)
	if set := c.cfg.Listeners.now(); set != nil {
		set.heartBeat(c)
	}
}

// sessionHandler is the Conn as the link's handler, so that its methods are not
// exported on Conn.
type sessionHandler Conn

var (
	_ link.Handler = (*sessionHandler)(nil)
	_ link.Beater  = (*sessionHandler)(nil)
	_ link.Causer  = (*sessionHandler)(nil)

	_ link.BodyHandler = (*sessionHandler)(nil)
	_ link.Batcher     = (*sessionHandler)(nil)
)

// settle ends the wait for a receipt. err is nil for RECEIPT. It reports whether
// somebody waited.
func (c *Conn) settle(id []byte, err error) bool {
	if len(id) == 0 || id[0] != receiptMark {
		return false
	}
	if producer, sequence, found := bytes.Cut(id[1:], []byte{'-'}); found {
		return c.producers.settle(producer, sequence, err)
	}
	return c.receipts.settle(id, err)
}

func (c *Conn) serverError(f *frame.Frame) {
	err := newServerError(f, c.cfg.Passcode)
	if set := c.cfg.Listeners.now(); set != nil {
		set.failed(c, err)
	}
	if id := f.Header.Get(frame.HeaderReceiptID); len(id) > 0 && c.settle(id, err) {
		return
	}
	c.lastError = err
	c.producers.disturb(err)
	if c.cfg.Logger != nil {
		c.cfg.Logger.Warn("stomp: broker sent ERROR", "message", err.Message)
	}
	if c.cfg.OnError != nil {
		c.cfg.OnError(err)
	}
}

// unexpectedFrame: a server does not send that.
type unexpectedFrame struct{ command frame.Command }

func (e *unexpectedFrame) Error() string {
	return "stomp: unexpected " + e.command.String() + " frame from the broker"
}

// Is matches frame.ErrProtocol.
func (e *unexpectedFrame) Is(target error) bool { return target == frame.ErrProtocol }

// reserve gets the tail of the outbox for a frame of about size bytes. On success
// the caller holds the outbox and must Commit.
func (c *Conn) reserve(ctx context.Context, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The estimate is at most that much above the frame. Refused here, it does not
	// take the memory first.
	if err := c.checkSize(size - 2*frameOverhead); err != nil {
		return nil, err
	}
	buf, err := c.l.TryReserve(size)
	if err == ErrWouldBlock && !c.inHandler(ctx) {
		buf, err = c.l.Reserve(ctx, size)
	}
	if err == nil && c.draining.Load() {
		c.l.Commit(buf)
		return nil, ErrDisconnecting
	}
	return buf, err
}

// passOutbox returns when whoever had the outbox has let go of it.
func (c *Conn) passOutbox() {
	if buf, err := c.l.ReserveNow(0); err == nil {
		c.l.Commit(buf)
	} // with an error, it has had the lock too
}

// reserveNow is reserve for frames that must not wait: ACK and NACK, which are
// also welcome while we drain.
func (c *Conn) reserveNow(size int) ([]byte, error) {
	buf, err := c.l.ReserveNow(size)
	if err == nil && c.disconnected {
		c.l.Commit(buf)
		return nil, ErrDisconnecting
	}
	return buf, err
}
