package conn

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
	"github.com/stompwire/stompwire/writer"
)

// SendFrom sends a message whose body comes from a reader: exactly length bytes, up to its io.EOF.
// It takes no more memory than the outbox, whatever the length, and waits until the broker confirms
// the message, as SendReceipt does. Between the parts of the body nothing else can be sent on the
// connection: other sends wait, acknowledgements gather behind it, and no heart-beat is sent, so
// the reader must not pause for longer than the broker tolerates silence. No lock is held while
// body is read. Config.Trace gets the frame without its body.
//
// Errors: those of [Client.SendReceipt]; and a [*writer.BodyError] if body is too short or too
// long, fails, or ctx or the connection ends before its end. If the BodyError Is writer.ErrRefused
// nothing was sent; otherwise the broker has half a frame, and the connection is closed. After the
// first read from body, SendFrom does not retry on another connection. If a broker rejects the
// message before its end and closes, the error is a [*ServerError].
func (c *Client) SendFrom(ctx context.Context, destination string, body io.Reader, length int64, h ...frame.Field) error {
	if err := checkSend(h, true); err != nil {
		return err
	}
	if destination == "" { // "REQUIRES a header destination" (STOMP 1.2, SEND)
		return &writer.HeaderError{Command: frame.CmdSend, Name: frame.HeaderDestination, Index: -1, Reason: writer.ErrMissing}
	}
	once := &reading{r: body}
	return c.retry(ctx, destination, func(w *wire) (more bool, err error) {
		err = w.sendFromReceipt(ctx, destination, once, length, h)
		return !once.begun && again(err), err
	})
}

// reading records whether a body was read from, because that cannot be undone. It also keeps the
// body's errors apart from those of the connection: a body that is read from another connection may
// end with an error that looks like ours.
type reading struct {
	r     io.Reader
	begun bool
}

func (r *reading) Read(p []byte) (int, error) {
	r.begun = true
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = &readerError{err}
	}
	return n, err
}

// readerError is an error of the reader of a body.
type readerError struct{ err error }

func (e *readerError) Error() string { return e.err.Error() }

func (e *readerError) Unwrap() error { return e.err }

func (w *wire) sendFromReceipt(ctx context.Context, destination string, body *reading, length int64, h []frame.Field) error {
	if w.inHandler(ctx) {
		return ErrWouldBlock
	}
	c, wt := w.c, w.c.newWaiter()
	c.mu.Lock()
	err := c.core.Expect(&wt.call, session.CallSend, w.conn, 0, session.Never)
	c.unlock()
	if err != nil {
		wt.release()
		return session.NotSentBecause(err)
	}
	returned := false
	defer func() {
		if !returned { // the body's reader has panicked: do not wait for the receipt
			wt.forget(c)
		}
	}()
	err = w.sendFrom(ctx, destination, body, length, append(h[:len(h):len(h)], receiptField(wt.call.ID)))
	returned = true
	switch {
	case err == nil:
		c.mu.Lock()
		c.core.SetDeadline(&wt.call, c.clock.now()+c.cfg.ReceiptTimeout)
		c.unlock()
		return wt.wait(ctx, c)
	case errors.As(err, new(*writer.BodyError)) && !errors.As(err, new(*readerError)) && isClosed(err):
		// A broker that rejects the body says why before it closes.
		if said := wt.wait(ctx, c); errors.As(said, new(*ServerError)) {
			return said
		}
		return err
	}
	wt.forget(c)
	return err
}

// streamBuffer is how many bytes of a body are read at a time.
const streamBuffer = 64 << 10

func (w *wire) sendFrom(ctx context.Context, destination string, body *reading, length int64, h []frame.Field) error {
	if w.inHandler(ctx) {
		return ErrWouldBlock
	}
	fields := append([]frame.Field{{Name: frame.HeaderDestination, Value: destination}}, h...)
	buf := pool.Get(streamBuffer)
	defer buf.Release()
	head, err := writer.AppendHead(buf.B, w.version, frame.CmdSend, fields, length)
	if err != nil {
		return err
	}
	if err := w.checkLength(min(length, math.MaxInt64-int64(len(head))-1) + int64(len(head)) + 1); err != nil {
		return err
	}
	if w.c.cfg.Trace != nil { // without the body, which was not read yet
		if wire, err := writer.AppendFrame(nil, w.version, frame.CmdSend, fields, nil); err == nil {
			w.traceSend(wire)
		}
	}
	parts := partWriter{w: w, ctx: ctx}
	defer parts.abort()
	_, err = writer.WriteFrom(&parts, w.version, frame.CmdSend, fields, body, length, buf.B)
	return parts.end(err)
}

// partWriter puts one frame into the outbox, part by part.
type partWriter struct {
	w     *wire
	ctx   context.Context // of the call
	begun bool
	ended bool
	never error // the error if nothing was sent
}

// Write implements io.Writer for writer.WriteFrom.
func (p *partWriter) Write(b []byte) (int, error) {
	var buf []byte
	var err error
	if p.begun {
		buf, err = p.w.l.ReservePart(p.ctx, len(b))
	} else if buf, err = p.w.reserveToAsk(p.ctx, len(b)); err != nil {
		p.never = err
	}
	if err != nil {
		return 0, err
	}
	p.begun = true
	p.w.l.CommitPart(append(buf, b...))
	return len(b), nil
}

// errAborted: a panic of the body's reader has left half a frame.
var errAborted = errors.New("stomp: the reader of a body has not returned")

// abort, deferred, closes the connection if end was not reached: other senders would wait for the
// rest of the frame.
func (p *partWriter) abort() {
	if p.begun && !p.ended {
		p.w.l.Close(errAborted)
	}
}

// end ends the frame. If the frame cannot be completed, it closes the connection.
func (p *partWriter) end(err error) error {
	p.ended = true
	switch {
	case p.never != nil:
		return p.never
	case !p.begun: // the frame was refused, or the body is at fault
		return err
	case err == nil:
		p.w.l.EndParts()
		return nil
	case errors.As(err, new(*readerError)) || !isClosed(err):
		p.w.l.Close(err)
	}
	return err // the connection has ended; the broker's last frames may still be unread
}
