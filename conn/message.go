package conn

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// Message is a message that the broker delivered. Header and Body are borrowed: valid until
// the handler returns. Retain copies what must live longer; Token is enough to
// acknowledge later.
type Message struct {
	Header frame.Header
	Body   []byte

	w      *wire
	sub    *Subscription // nil for an unsolicited message, and a reply
	stream *bodyStream   // where the body is to be read; nil if it is in Body

	// Of a retained message only.
	held  *pool.Buffer // Header and Body; nil if they are borrowed, or a clone's
	spans []frame.Span // memory for those of Header
	refs  atomic.Int32
}

// Destination returns the destination header. It is borrowed.
func (m *Message) Destination() []byte { return m.Header.Get(frame.HeaderDestination) }

func (m *Message) id() []byte { return m.Header.Get(frame.HeaderMessageID) }

// Redelivered reports whether the broker marked the message as delivered before.
func (m *Message) Redelivered() bool {
	return string(m.Header.Get(frame.HeaderRedelivered)) == "true"
}

// Subscription returns the subscription; nil for an unsolicited message, and for a reply.
func (m *Message) Subscription() *Subscription { return m.sub }

// Reader returns the body as something to read, once: from the connection, as it arrives, if
// the subscription has SubscribeOptions.StreamOver and the body is longer; else from Body, as a
// *bytes.Reader. It is borrowed, and waits only for the broker: its error is io.EOF at the end of the body, or one that
// Is net.ErrClosed if the connection has ended first. What the handler does not read is skipped.
func (m *Message) Reader() io.Reader {
	if m.stream != nil {
		return m.stream.r
	}
	return bytes.NewReader(m.Body)
}

// clone returns an owned copy.
func (m *Message) clone() *Message {
	return &Message{Header: m.Header.Clone(), Body: append([]byte(nil), m.Body...), w: m.w, sub: m.sub}
}

// Ack acknowledges the message; in mode client also all earlier ones of its subscription. With
// SubscribeOptions.AckEvery it may only be noted. h is added to the frame. It never waits, so it
// is fine in a handler, and does not allocate.
//
// Errors: ErrAckMode in mode auto; link.ErrOutboxFull if the broker does not read; and one that
// Is net.ErrClosed if the subscription or the connection has ended: the broker then delivers the
// message again.
func (m *Message) Ack(h ...frame.Field) error {
	if m.sub != nil && m.sub.batch != nil && len(h) == 0 {
		return m.sub.batch.ack(m)
	}
	return m.w.acknowledge(m.sub, m.ackID(), frame.CmdAck, nil, h)
}

// Nack tells the broker that the message was not consumed; what it does with it is its own
// affair: RabbitMQ delivers it again, at once, ActiveMQ moves it to a dead letter queue, Artemis
// drops it. 1.0 has no NACK: that is a *writer.FrameError. In all else it is like Ack.
func (m *Message) Nack(h ...frame.Field) error {
	return m.w.acknowledge(m.sub, m.ackID(), frame.CmdNack, nil, h)
}

// Begin begins a transaction on the connection that delivered the message, in which it can be
// acknowledged and others sent. See [Client.Begin].
func (m *Message) Begin(ctx context.Context) (*Tx, error) { return m.w.begin(ctx, "") }

// deliver takes a MESSAGE, on the reading goroutine.
func (w *wire) deliver(f *frame.Frame) {
	c := w.c
	sub, reply := w.subscriptionOf(f)
	if sub != nil && !sub.takes(w, f) {
		return
	}
	// One Message serves all deliveries: they come one at a time.
	m := &w.msg
	m.Header, m.Body, m.w, m.sub = f.Header, f.Body, w, sub
	if c.cfg.Trace != nil {
		w.trace(&Event{Kind: EventMessage, Message: m, Subscription: sub})
	}
	switch {
	case reply:
		c.replied(m)
	case sub != nil:
		sub.deliver(m)
	default:
		c.stats.unsolicited.Add(1)
		if c.cfg.Unsolicited != nil {
			w.handle(c.cfg.Unsolicited, m)
		}
	}
	m.Header, m.Body, m.sub = frame.Header{}, nil, nil
}

// handle calls a handler and survives a panic.
func (w *wire) handle(h MessageHandler, m *Message) {
	defer w.c.contain(m)
	h(w.ctx, m)
}

// subscriptionOf finds the subscription of a MESSAGE by its header. A server of 1.0 may leave
// that out; then the destination must do. reply says that it answers a request.
func (w *wire) subscriptionOf(f *frame.Frame) (sub *Subscription, reply bool) {
	table := w.c.routes.Load()
	id, ok := f.Header.Lookup(frame.HeaderSubscription)
	if ok {
		sub = table.find(id)
	} else {
		sub = table.byDestination(f.Header.Get(frame.HeaderDestination))
	}
	switch {
	case sub == nil:
		return nil, w.c.core.IsReplyTo(id)
	case sub.reply:
		return nil, true
	}
	return sub, false
}
