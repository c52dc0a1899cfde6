package conn

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
	"github.com/stompwire/stompwire/writer"
)

// SendFrom sends a message whose body comes from a reader: exactly length bytes, up
// to its io.EOF. It takes no more memory than the outbox has, whatever the length, and
// returns when the last byte has been encoded. Between its parts nothing else can be
// sent on the connection: other sends wait, acknowledgements gather behind it, and no
// heart-beat goes out, so the reader must not pause for longer than the broker bears
// to hear nothing. While body is read no lock is held. Listeners are told of the frame
// without its body.
//
// Errors: those of [Conn.Send]; ErrWouldBlock in a handler; and a [*writer.BodyError]
// if body ends too early or too late, fails, or ctx or the connection ends on the
// way. If that one Is writer.ErrRefused nothing was sent; else the broker has half a
// frame, and the connection is closed, for it is of no use any more.
func (c *Conn) SendFrom(ctx context.Context, destination string, body io.Reader, length int64, h ...frame.Field) error {
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	if err := checkOwnReceipt(frame.CmdSend, h); err != nil {
		return err
	}
	return c.sendFrom(ctx, destination, body, length, h)
}

// SendFromReceipt is [Conn.SendFrom] that waits until the broker confirms the message,
// like [Conn.SendReceipt]; Config.ReceiptTimeout counts from the end of the body. A
// broker that rejects the message before its end, and closes, is a [*ServerError] too.
func (c *Conn) SendFromReceipt(ctx context.Context, destination string, body io.Reader, length int64, h ...frame.Field) error {
	if err := checkReceipt(frame.CmdSend, h); err != nil {
		return err
	}
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	id, outcome, err := c.receipts.add()
	if err != nil {
		return err
	}
	defer c.receipts.drop(id)
	err = c.sendFrom(ctx, destination, body, length, with(h, frame.Field{Name: frame.HeaderReceipt, Value: id}))
	switch {
	case err == nil:
		return c.await(ctx, outcome)
	case errors.As(err, new(*writer.BodyError)) && hasEnded(err):
		// A broker that has enough of a body says why before it closes.
		if said := c.await(ctx, outcome); errors.As(said, new(*ServerError)) {
			return said
		}
	}
	return err
}

// hasEnded reports whether err says that the connection has ended, or is about to.
func hasEnded(err error) bool { return errors.As(err, new(*link.ClosedError)) }

// streamBuffer is how much of a body is read at a time.
const streamBuffer = 64 << 10

func (c *Conn) sendFrom(ctx context.Context, destination string, body io.Reader, length int64, h []frame.Field) error {
	if destination == "" { // "REQUIRES a header destination" (STOMP 1.2, SEND)
		return &writer.HeaderError{Command: frame.CmdSend, Name: frame.HeaderDestination, Index: -1, Reason: writer.ErrMissing}
	}
	fields := append([]frame.Field{{Name: frame.HeaderDestination, Value: destination}}, h...)
	buf := pool.Get(streamBuffer)
	defer buf.Release()
	head, err := writer.AppendHead(buf.B, c.version, frame.CmdSend, fields, length)
	if err != nil {
		return err
	}
	if err := c.checkLength(min(length, math.MaxInt64-int64(len(head))-1) + int64(len(head)) + 1); err != nil {
		return err
	}
	if set := c.cfg.Listeners.sends(); set != nil { // of a body that nobody has yet
		set.announce(c, func() ([]byte, error) { return writer.AppendFrame(nil, c.version, frame.CmdSend, fields, nil) })
	}
	w := partWriter{c: c, wait: func(size int) ([]byte, error) { return c.reserve(ctx, size) }}
	w.waitOn = func(size int) ([]byte, error) { return c.l.ReservePart(ctx, size) }
	defer w.abort()
	_, err = writer.WriteFrom(&w, c.version, frame.CmdSend, fields, body, length, buf.B)
	return w.end(err)
}

// partWriter puts one frame into the outbox, part by part.
type partWriter struct {
	c      *Conn
	wait   func(size int) ([]byte, error) // for the outbox
	waitOn func(size int) ([]byte, error) // for room in it
	begun  bool
	ended  bool
	never  error // why nothing was sent
}

// Write implements io.Writer for writer.WriteFrom.
func (w *partWriter) Write(p []byte) (int, error) {
	reserve := w.wait
	if w.begun {
		reserve = w.waitOn
	}
	buf, err := reserve(len(p))
	if err != nil {
		if !w.begun {
			w.never = err
		}
		return 0, err
	}
	w.begun = true
	w.c.l.CommitPart(append(buf, p...))
	return len(p), nil
}

// errAborted: a panic of the body's reader, or runtime.Goexit, has left half a frame.
var errAborted = errors.New("stomp: the reader of a body has not returned")

// abort, deferred, ends the connection if end was never reached: everybody else would
// wait for the rest of the frame.
func (w *partWriter) abort() {
	if w.begun && !w.ended {
		w.c.l.Close(errAborted)
	}
}

// end ends the frame; and the connection if the frame will have no end.
func (w *partWriter) end(err error) error {
	w.ended = true
	switch {
	case w.never != nil:
		return w.never
	case !w.begun: // refused, or the body was not what it should be
		return err
	case hasEnded(err):
		return err // and what the broker says to that is still to be read
	case err != nil:
		w.c.l.Close(err)
		return err
	}
	w.c.l.EndParts()
	return nil
}
