package conn

import (
	"context"
	"errors"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// Send sends a message. It returns when the frame is encoded: body and h are borrowed until then.
// It waits, under ctx, for a connection, and while the outbox is full. A nil error means that the
// message is queued for writing, not that the broker has it: see SendReceipt and NewProducer for
// that.
//
// A receipt header in h is sent; its RECEIPT is reported to Config.Trace only. Send does not
// allocate.
//
// Errors: a *writer.HeaderError for a header that cannot be represented or is set by the client; a
// *frame.LimitError; an error that Is ErrNotConnected; ctx.Err(); ErrWouldBlock in a handler of the
// same connection; and an error that Is net.ErrClosed. In each case nothing was sent.
func (c *Client) Send(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if err := checkSend(h, false); err != nil {
		return err
	}
	s := c.slotFor(destination)
	w := s.cur.Load()
	for {
		if w != nil {
			if err := w.send(ctx, destination, body, h); err == nil || !isClosed(err) || ctx.Err() != nil {
				return err
			}
		}
		next, err := s.current(ctx, w)
		if err != nil {
			return err
		}
		w = next
	}
}

func (w *wire) send(ctx context.Context, destination string, body []byte, h []frame.Field) error {
	w.notePlain()
	buf, err := w.reserve(ctx, sendSize(destination, body, h))
	if err != nil {
		return err
	}
	var out []byte
	if _, text := cutText(h); text {
		out, err = appendSend(buf, w.version, destination, h, frame.Field{}, body)
	} else {
		out, err = writer.AppendSend(buf, w.version, destination, h, body)
	}
	return w.commit(buf, out, err)
}

// notePlain tells the core, once per connection, that frames are sent whose outcome it will not
// learn.
func (w *wire) notePlain() {
	if !w.plain.Load() {
		w.tellPlain()
	}
}

func (w *wire) tellPlain() {
	w.plain.Store(true)
	w.c.mu.Lock()
	w.c.core.SentPlain(w.conn)
	w.c.unlock()
}

// SendReceipt sends a message and waits until the broker confirms it. The error is then nil. It is
// a [*ServerError] if the broker refused the message, Is [ErrNotSent] if ctx or the client ended before
// anything had left, and Is [ErrUnknownOutcome] if the connection, ctx or Config.ReceiptTimeout ended
// before the answer. The other errors are those of Send: nothing was sent.
func (c *Client) SendReceipt(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if err := checkSend(h, true); err != nil {
		return err
	}
	return c.retry(ctx, destination, func(w *wire) (more bool, err error) {
		err = w.sendReceipt(ctx, destination, body, h)
		return again(err), err
	})
}

// retry calls send with the connection for messages to destination, and with the next one as long as
// send returns an error and more.
func (c *Client) retry(ctx context.Context, destination string, send func(w *wire) (more bool, err error)) error {
	s := c.slotFor(destination)
	var w *wire
	for {
		next, err := s.current(ctx, w)
		if err != nil {
			return session.NotSentBecause(err)
		}
		w = next
		more, err := send(w)
		if err == nil || !more || ctx.Err() != nil {
			return err
		}
	}
}

// again reports whether err says that a connection has ended before anything was sent on it.
func again(err error) bool {
	return isClosed(err) && !errors.Is(err, ErrUnknownOutcome)
}

func (w *wire) sendReceipt(ctx context.Context, destination string, body []byte, h []frame.Field) error {
	if w.inHandler(ctx) {
		return ErrWouldBlock
	}
	buf, err := w.reserveToAsk(ctx, sendSize(destination, body, h))
	if err != nil {
		return err
	}
	wt := w.c.newWaiter()
	receipt, err := wt.expect(w, session.CallSend)
	if err != nil {
		w.l.Commit(buf)
		wt.release()
		return session.NotSentBecause(err)
	}
	out, err := appendSend(buf, w.version, destination, h, receipt, body)
	if err = w.commit(buf, out, err); err != nil {
		wt.forget(w.c)
		return err
	}
	return wt.wait(ctx, w.c)
}
