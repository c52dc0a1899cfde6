package conn

import (
	"context"
	"errors"
	"io"
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
	version frame.Version
	server  string
	session string
	ready   chan struct{} // closed by CONNECTED

	// Read side: the reading goroutine only.
	connected bool
	msg       Message      // the one that is being delivered
	lastError *ServerError // the latest ERROR frame that settled nothing

	// disconnected is set with DISCONNECT in the outbox. Guarded by the outbox
	// lock of the link, like everything between Reserve and Commit.
	disconnected bool

	closing   atomic.Bool // Disconnect was called
	closed    chan struct{}
	unmatched atomic.Uint64

	subs      subscriptions
	receipts  receipts
	producers producers

	mu     sync.Mutex
	lastTx uint64 // guarded by mu
}

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
	c.closing.Store(true)
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
		c.deliver(f)
	case frame.CmdReceipt:
		c.settle(f.Header.Get(frame.HeaderReceiptID), nil)
	case frame.CmdError:
		c.serverError(f)
	default:
		return &unexpectedFrame{f.Command}
	}
	return nil
}

// OnClose is called by the link, last.
func (s *sessionHandler) OnClose(err error) {
	c := (*Conn)(s)
	// A broker that sends ERROR and closes tells us one thing, not two.
	if c.lastError != nil && errors.Is(err, io.EOF) {
		err = &link.ClosedError{Cause: c.lastError}
	}
	c.receipts.fail(err)
	c.producers.fail(err)
	close(c.closed)
	if c.cfg.Logger != nil && !c.closing.Load() {
		c.cfg.Logger.Warn("stomp: connection lost", "addr", c.l.RemoteAddr().String(), "cause", err)
	}
	if c.cfg.OnClose != nil && c.connected {
		c.cfg.OnClose(err)
	}
}

// sessionHandler is the Conn as the link's handler, so that its methods are not
// exported on Conn.
type sessionHandler Conn

var _ link.Handler = (*sessionHandler)(nil)

// settle ends the wait for a receipt. err is nil for RECEIPT. It reports whether
// somebody waited.
func (c *Conn) settle(id []byte, err error) bool {
	if len(id) > 0 && id[0] == producerMark {
		return c.producers.settle(id, err)
	}
	return c.receipts.settle(id, err)
}

func (c *Conn) serverError(f *frame.Frame) {
	err := c.newServerError(f)
	if err.ReceiptID != "" && c.settle([]byte(err.ReceiptID), err) {
		return
	}
	c.lastError = err
	if c.cfg.Logger != nil {
		c.cfg.Logger.Warn("stomp: broker sent ERROR", "message", mask(err.Message, c.cfg.Passcode))
	}
	if c.cfg.OnError != nil {
		c.cfg.OnError(err)
	}
}

func (c *Conn) newServerError(f *frame.Frame) *ServerError {
	return &ServerError{
		Message:   f.Header.Text(frame.HeaderMessage),
		ReceiptID: f.Header.Text(frame.HeaderReceiptID),
		Header:    f.Header.Fields(),
		Body:      append([]byte(nil), f.Body...),
		secret:    c.cfg.Passcode,
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
	buf, err := c.l.TryReserve(size)
	if err == ErrWouldBlock && !c.inHandler(ctx) {
		buf, err = c.l.Reserve(ctx, size)
	}
	return c.reserved(buf, err)
}

// reserveNow is reserve for frames that must not wait: ACK and NACK.
func (c *Conn) reserveNow(size int) ([]byte, error) {
	return c.reserved(c.l.ReserveNow(size))
}

func (c *Conn) reserved(buf []byte, err error) ([]byte, error) {
	if err == nil && c.disconnected {
		c.l.Commit(buf)
		return nil, ErrDisconnecting
	}
	return buf, err
}
