package conn

import (
	"bytes"
	"io"
	"sync/atomic"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
	"github.com/stompwire/stompwire/writer"
)

// Message is a message that the broker delivered. Header and Body are borrowed:
// valid until the handler returns. Clone and Retain copy what must live longer.
type Message struct {
	Header frame.Header
	Body   []byte

	c      *Conn
	sub    *Subscription // nil for an unsolicited message
	stream *bodyStream   // where the body is to be read; nil if it is in Body

	// Of a retained message only.
	held  *pool.Buffer // Header and Body; nil if they are borrowed, or a clone's
	spans []frame.Span // memory for those of Header
	refs  atomic.Int32
}

// Destination returns the destination header. It is borrowed.
func (m *Message) Destination() []byte { return m.Header.Get(frame.HeaderDestination) }

// ID returns the message-id header. It is borrowed.
func (m *Message) ID() []byte { return m.Header.Get(frame.HeaderMessageID) }

// Redelivered reports whether the broker marked the message as delivered before.
func (m *Message) Redelivered() bool {
	return string(m.Header.Get(frame.HeaderRedelivered)) == "true"
}

// Subscription returns the subscription, nil for an unsolicited message.
func (m *Message) Subscription() *Subscription { return m.sub }

// Reader returns the body as something to read, once: from the connection, as it
// arrives, if the subscription has SubscribeOptions.StreamOver and the body is longer;
// else from Body. It is borrowed, and waits only for the broker: its error is io.EOF
// at the end of the body, or one that Is net.ErrClosed if the connection has ended
// first. What the handler does not read is skipped.
func (m *Message) Reader() io.Reader {
	if m.stream != nil {
		return m.stream.r
	}
	return bytes.NewReader(m.Body)
}

// Length returns the length of the body in bytes; -1 if it is streamed and the broker
// has not said.
func (m *Message) Length() int64 {
	if m.stream != nil {
		return m.stream.length
	}
	return int64(len(m.Body))
}

// Clone returns an owned copy, which can be acknowledged like the original. It
// allocates. Of a streamed body there is no copy.
func (m *Message) Clone() *Message {
	return &Message{
		Header: m.Header.Clone(),
		Body:   append([]byte(nil), m.Body...),
		c:      m.c, sub: m.sub,
	}
}

// Ack acknowledges the message; in mode client also all earlier ones of its
// subscription. h is added to the frame. It never waits, so it is fine in a
// handler, and does not allocate. Errors: ErrAckMode; link.ErrOutboxFull if the
// broker does not read; ErrUnsubscribed, and one that Is net.ErrClosed: the broker
// will then deliver the message again.
func (m *Message) Ack(h ...frame.Field) error {
	return m.acknowledge(frame.CmdAck, "", h, writer.AppendAck)
}

// Nack tells the broker that the message was not consumed; what it does with it is
// its own affair: RabbitMQ delivers it again, ActiveMQ moves it to a dead letter
// queue, Artemis drops it. 1.0 has no NACK: that is a *writer.FrameError. In all
// else it is like Ack.
func (m *Message) Nack(h ...frame.Field) error {
	return m.acknowledge(frame.CmdNack, "", h, writer.AppendNack)
}

type appendAck func([]byte, frame.Version, writer.Ack, []frame.Field) ([]byte, error)

func (m *Message) acknowledge(cmd frame.Command, tx string, h []frame.Field, encode appendAck) error {
	if m.sub == nil || m.sub.mode == frame.AckAuto {
		return ErrAckMode
	}
	ack := writer.Ack{
		ID:           m.Header.Get(frame.HeaderAck),
		MessageID:    m.ID(),
		Subscription: m.Header.Get(frame.HeaderSubscription),
		Transaction:  tx,
	}
	if err := checkOwnReceipt(cmd, h); err != nil {
		return err
	}
	sent, err := m.c.acknowledge(m.sub, ack, h, encode)
	m.c.tell(sent)
	return err
}

// acknowledge puts ACK or NACK in flight. It calls no listeners: they are to be told of
// what it returns, if anything, under no lock.
func (c *Conn) acknowledge(sub *Subscription, ack writer.Ack, h []frame.Field, encode appendAck) (sent []byte, err error) {
	size := len(ack.ID) + len(ack.MessageID) + len(ack.Subscription) + fieldsSize(h) + frameOverhead
	buf, err := c.reserveNow(size)
	if err != nil {
		return nil, err
	}
	if sub.ended.Load() {
		c.l.Commit(buf)
		return nil, ErrUnsubscribed
	}
	out, err := encode(buf, c.version, ack, h)
	if err != nil {
		c.l.Commit(buf)
		return nil, err
	}
	return c.commitCopied(buf, out), nil
}

// deliver calls the handler of the subscription that f is for.
func (c *Conn) deliver(f *frame.Frame) {
	sub := c.subscriptionOf(f)
	handler := c.cfg.OnUnsolicited
	if sub != nil {
		handler = sub.handler
	} else {
		c.unmatched.Add(1)
	}
	set := c.cfg.Listeners.now()
	if handler == nil && set == nil {
		return
	}
	// One Message serves all deliveries: they come one at a time.
	c.msg = Message{Header: f.Header, Body: f.Body, c: c, sub: sub}
	returned := false
	defer c.delivered(&returned)
	if set != nil {
		set.message(c, &c.msg)
	}
	if handler != nil {
		handler(c.ctx, &c.msg)
	}
	returned = true
}

// subscriptionOf finds the subscription by its header. A server of 1.0 may leave
// that out; then the destination must do.
func (c *Conn) subscriptionOf(f *frame.Frame) *Subscription {
	if id, ok := f.Header.Lookup(frame.HeaderSubscription); ok {
		return c.subs.find(id)
	}
	return c.subs.byDestination(f.Header.Get(frame.HeaderDestination))
}

func (t *subscriptions) byDestination(destination []byte) *Subscription {
	for s := range t.all {
		if s.destination == string(destination) {
			return s
		}
	}
	return nil
}
