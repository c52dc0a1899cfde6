package conn

import (
	"context"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
)

// Request sends a message and returns the reply, an owned copy. The message carries reply-to,
// with a temporary queue of the client's, and a correlation-id; the replier sends its answer to
// the former with a copy of the latter, as usual with STOMP and JMS. The replier may be the same
// client.
//
// The request goes out on the connection that Send uses for destination, and the reply comes back
// on it, so a busy handler or a full queue does not hold it up. A handler may call Request. Only with
// Config.OneConnection it returns ErrWouldBlock there.
//
// It waits under ctx, or for Config.ReceiptTimeout if ctx has no deadline. A reply that comes later
// is dropped and counted. Errors: those of SendReceipt; a *ServerError if the broker refuses the
// request, or, if it also Is ErrNotSent, the temporary queue; one that Is ErrNotSent if the broker
// has not confirmed that queue in time; one that Is ErrUnknownOutcome if there was no reply: the
// request may have been handled; and a *frame.LimitError whose Command is CmdMessage, at once, if the
// reply was above Config.Link.Limits: the request was handled, and the reply is dropped. A reply whose
// correlation-id stands behind the header line that exceeds a limit matches no request, so that one
// waits on.
func (c *Client) Request(ctx context.Context, destination string, body []byte, h ...frame.Field) (*Message, error) {
	if err := checkSend(h, false); err != nil {
		return nil, err
	}
	if err := checkNames(frame.CmdSend, h, headerReplyTo, headerCorrelationID); err != nil {
		return nil, err
	}
	if c.inHandler(ctx) && handlerOf(ctx).slot == c.slotFor(destination) {
		return nil, ErrWouldBlock
	}
	var m *Message
	err := c.retry(ctx, destination, func(w *wire) (more bool, err error) {
		m, err = w.request(ctx, destination, body, h)
		return again(err), err
	})
	return m, err
}

const (
	headerReplyTo       = "reply-to"
	headerCorrelationID = "correlation-id"
)

// requester waits for a reply.
type requester struct {
	waiter
	reply *Message // set before done has an element
}

func (w *wire) request(ctx context.Context, destination string, body []byte, h []frame.Field) (*Message, error) {
	c := w.c
	replyTo, err := c.replyTo(ctx, w)
	if err != nil {
		return nil, err
	}
	size := sendSize(destination, body, h) + frameOverhead
	_, bounded := ctx.Deadline() // of the user's: no lock may be held
	buf, err := w.reserveToAsk(ctx, size)
	if err != nil {
		return nil, err
	}
	r := &requester{waiter: waiter{done: make(chan struct{}, 1)}}
	r.call.User = &r.waiter
	c.mu.Lock()
	deadline := c.clock.now() + c.cfg.ReceiptTimeout
	if bounded {
		deadline = session.Never
	}
	err = c.core.Expect(&r.call, session.CallRequest, w.conn, w.l.Tail(), deadline)
	if err == nil {
		c.requests[r.call.ID] = r
	}
	c.unlock()
	if err != nil {
		w.l.Commit(buf)
		return nil, session.NotSentBecause(err)
	}
	defer c.forgetRequest(r.call.ID)
	h, text := cutText(h)
	fields := append(h[:len(h):len(h)],
		frame.Field{Name: headerReplyTo, Value: replyTo},
		frame.Field{Name: headerCorrelationID, Value: string(session.AppendCorrelationID(nil, &r.call))})
	if text {
		fields = append(fields, Text)
	}
	out, err := appendSend(buf, w.version, destination, fields, frame.Field{}, body)
	if err = w.commit(buf, out, err); err != nil {
		c.mu.Lock()
		c.core.Forget(&r.call)
		c.unlock()
		return nil, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		why := ctx.Err()
		c.mu.Lock()
		open := r.call.Live()
		err := c.core.Expired(&r.call, why)
		c.unlock()
		if open {
			return nil, err
		}
		<-r.done
	}
	return r.reply, r.call.Err
}

func (c *Client) forgetRequest(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.requests, id)
}

// replyTo returns the reply-to header for requests on w, once the queue is subscribed to where
// that is needed.
func (c *Client) replyTo(ctx context.Context, w *wire) (string, error) {
	for {
		c.mu.Lock()
		destination, ready := c.core.ReplyTo(w.conn)
		c.mu.Unlock()
		if ready {
			return destination, nil
		}
		if err := ctx.Err(); err != nil {
			return "", session.NotSentBecause(err)
		}
		if err := w.subscribeReplies(ctx); err != nil {
			return "", session.NotSentWithout("no queue for replies", err)
		}
		if w.ctx.Err() != nil {
			return "", w.l.Err()
		}
	}
}

// subscribeReplies returns when the queue for replies is subscribed to.
func (w *wire) subscribeReplies(ctx context.Context) error {
	c := w.c
	s := &Subscription{c: c, reply: true, done: make(chan struct{})}
	wt := c.newWaiter()
	c.mu.Lock()
	core, err := c.core.Replies(w.slot.core, &wt.call, s, c.clock.now())
	if err == nil && core.User == any(s) {
		s.core, s.id, s.destination = core, core.ID, core.Destination
		c.routes.Store(c.routes.Load().with(s))
		c.subs[s] = struct{}{}
	}
	c.unlock()
	if err != nil {
		wt.release()
		return err
	}
	err = wt.wait(ctx, c)
	if err != nil {
		c.mu.Lock()
		ended, _ := core.Ended()
		c.mu.Unlock()
		if ended {
			core.User.(*Subscription).leave(err)
		}
	}
	return err
}

// replied takes a reply, on the reading goroutine.
func (c *Client) replied(m *Message) {
	if r := m.w.answered(m.Header, nil); r != nil {
		r.reply = m.clone()
		r.done <- struct{}{}
	}
}

// replySkipped takes the header of a reply that was above a limit, on the reading goroutine.
func (w *wire) replySkipped(header frame.Header, limit *frame.LimitError) {
	if r := w.answered(header, limit); r != nil {
		r.done <- struct{}{}
	}
}

// answered ends the request that a reply with this header answers, with err, and returns it for the
// caller to wake. It counts a reply that no request waits for, and returns nil.
func (w *wire) answered(header frame.Header, err error) (r *requester) {
	c := w.c
	c.mu.Lock()
	if call := c.core.Reply(w.conn, header.Text(headerCorrelationID)); call != nil {
		if r = c.requests[call.ID]; r != nil {
			r.call.Err = err
		}
	}
	c.unlock()
	if r == nil {
		c.stats.unsolicited.Add(1)
	}
	return r
}
