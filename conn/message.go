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
	sub    *Subscription // nil for an unsolicited message and for a reply
	stream *bodyStream   // the source of a streamed body; nil if the body is in Body
	number uint64        // its place among those of sub on w, from 1 on; see ackPosition

	// Of a retained message only.
	held  *pool.Buffer // Header and Body; nil if they are borrowed, or a clone's
	spans []frame.Span // memory of Header's spans
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

// Reader returns a reader of the body, which can be read once. If the subscription has
// SubscribeOptions.StreamOver and the body is longer, it reads from the connection as the body
// arrives; else from Body, as a *bytes.Reader. It is borrowed, and waits only for the broker. Its
// error is io.EOF at the end of the body, or one that Is net.ErrClosed if the connection ends
// first. What the handler does not read is skipped.
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
// SubscribeOptions.AckEvery the ACK may be sent later, with others. h is added to the frame. Ack
// never waits, so it can be called in a handler, and it does not allocate.
//
// Errors: ErrAckMode in mode auto; link.ErrOutboxFull if the broker does not read; and one that Is
// net.ErrClosed if the subscription or the connection has ended: the broker then delivers the
// message again.
func (m *Message) Ack(h ...frame.Field) error {
	if m.sub != nil && m.sub.batch != nil && len(h) == 0 {
		return m.sub.batch.ack(m)
	}
	return m.w.acknowledge(m.sub, m.ackID(), frame.CmdAck, nil, h)
}

// Nack tells the broker that the message was not consumed. The effect depends on the broker:
// RabbitMQ delivers the message again, at once, ActiveMQ moves it to a dead letter queue, Artemis
// drops it. STOMP 1.0 has no NACK: that is a *writer.FrameError. Otherwise Nack is like Ack.
func (m *Message) Nack(h ...frame.Field) error {
	return m.w.acknowledge(m.sub, m.ackID(), frame.CmdNack, nil, h)
}

// Begin begins a transaction on the connection that delivered the message. The message can be
// acknowledged in it, and others sent. See [Client.Begin].
func (m *Message) Begin(ctx context.Context) (*Tx, error) { return m.w.begin(ctx, "") }

// deliver handles a MESSAGE, on the reading goroutine.
func (w *wire) deliver(f *frame.Frame) {
	c := w.c
	sub, reply := w.subscriptionOf(f)
	if sub != nil && !sub.takes(w, f) {
		return
	}
	// One Message is reused for all deliveries: they come one at a time.
	m := &w.msg
	m.Header, m.Body, m.w, m.sub = f.Header, f.Body, w, sub
	m.number = sub.nextNumber(w)
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

// subscriptionOf finds the subscription of a MESSAGE by its header. A server of 1.0 may leave the
// header out; then the destination decides. reply says that the message answers a request.
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
		return nil, w.conn.IsReplyTo(id)
	case sub.reply:
		return nil, true
	}
	return sub, false
}
