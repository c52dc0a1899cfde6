package conn

import (
	"fmt"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// ackID is how ACK and NACK name a message. The slices are borrowed.
type ackID struct {
	ack, message, subscription []byte
	number                     uint64 // see Message
}

func (m *Message) ackID() ackID {
	return ackID{
		ack: m.Header.Get(frame.HeaderAck), message: m.id(), subscription: m.Header.Get(frame.HeaderSubscription),
		number: m.number,
	}
}

// key returns the id by which the broker knows the message: before 1.2 its message-id.
func (id ackID) key() []byte {
	if len(id.ack) > 0 {
		return id.ack
	}
	return id.message
}

func ackKey(h frame.Header) []byte {
	return ackID{ack: h.Get(frame.HeaderAck), message: h.Get(frame.HeaderMessageID)}.key()
}

// Token acknowledges one message later, without keeping the message. The zero value cannot be used.
// Safe for concurrent use.
type Token struct {
	w   *wire
	sub *Subscription
	id  ackID
}

// Token returns a token that acknowledges the message after the handler has returned. It copies the
// ids of the message, which allocates.
func (m *Message) Token() Token { return Token{w: m.w, sub: m.sub, id: m.ackID().clone()} }

// clone returns an owned copy.
func (id ackID) clone() ackID {
	text := make([]byte, 0, len(id.ack)+len(id.message)+len(id.subscription))
	own := func(b []byte) []byte {
		text = append(text, b...)
		return text[len(text)-len(b) : len(text) : len(text)]
	}
	return ackID{own(id.ack), own(id.message), own(id.subscription), id.number}
}

// Ack is Message.Ack.
func (t Token) Ack(h ...frame.Field) error { return t.w.acknowledge(t.sub, t.id, frame.CmdAck, nil, h) }

// Nack is Message.Nack.
func (t Token) Nack(h ...frame.Field) error {
	return t.w.acknowledge(t.sub, t.id, frame.CmdNack, nil, h)
}

// acknowledge sends ACK or NACK, in a transaction unless tx is nil. The ACK that AckEvery holds
// back is sent first: a cumulative NACK would refuse those messages, and a later cumulative ACK
// would cover the refused one.
func (w *wire) acknowledge(sub *Subscription, id ackID, cmd frame.Command, tx *Tx, h []frame.Field) error {
	if sub == nil || sub.opts.Ack == frame.AckAuto {
		return ErrAckMode
	}
	if err := checkReceipt(cmd, h); err != nil {
		return err
	}
	if sub.batch != nil {
		if err := sub.batch.flushOn(w); err != nil {
			return err
		}
	}
	sent, err := w.putAck(sub, id, cmd, tx, h)
	w.traceSend(sent)
	return err
}

// putAck appends ACK or NACK to the outbox. It returns a copy of the frame if it is to be traced.
func (w *wire) putAck(sub *Subscription, id ackID, cmd frame.Command, tx *Tx, h []frame.Field) (sent []byte, err error) {
	size := len(id.ack) + len(id.message) + len(id.subscription) + fieldsSize(h) + frameOverhead
	buf, err := w.reserveNow(size)
	if err != nil {
		return nil, err
	}
	if sub.endedOn(w) {
		w.l.Commit(buf)
		return nil, errUnsubscribed
	}
	ack := writer.Ack{ID: id.ack, MessageID: id.message, Subscription: id.subscription}
	if tx != nil {
		w.c.mu.Lock()
		err = w.c.core.Use(tx.core)
		w.c.mu.Unlock()
		ack.Transaction = tx.core.ID
	}
	out := buf
	switch {
	case err != nil:
	case sub.opts.Ack == frame.AckClient && w.dialect.AckSpansSubscriptions:
		out, err = sub.appendEach(buf, w, cmd, ack, h)
	default:
		out, err = appendAck(buf, w, cmd, ack, h)
	}
	if err != nil {
		w.l.Commit(buf)
		return nil, err
	}
	sub.settled(w, id, tx)
	if p := sub.position(w); p != nil && !inTransaction(tx, h) {
		out = p.acknowledged(out, id.number)
	}
	return w.commitCopied(buf, out), nil
}

func appendAck(dst []byte, w *wire, cmd frame.Command, ack writer.Ack, h []frame.Field) ([]byte, error) {
	if cmd == frame.CmdAck {
		return writer.AppendAck(dst, w.version, ack, h)
	}
	return writer.AppendNack(dst, w.version, ack, h)
}

// wireMode is the ack mode of SUBSCRIBE on w. On RabbitMQ a cumulative ACK would also acknowledge
// messages of other subscriptions of the connection. There the client subscribes with
// client-individual, and does what mode client promises with one ACK per message.
func (s *Subscription) wireMode(w *wire) frame.AckMode {
	if s.opts.Ack == frame.AckClient && w.dialect.AckSpansSubscriptions && w.version != frame.Version10 {
		return frame.AckClientIndividual
	}
	return s.opts.Ack
}

// appendEach acknowledges the message of ack and all before it, one by one.
func (s *Subscription) appendEach(dst []byte, w *wire, cmd frame.Command, ack writer.Ack, h []frame.Field) (out []byte, err error) {
	out = dst
	if w.version == frame.Version10 {
		return appendAck(out, w, cmd, ack, h)
	}
	s.outstanding.upTo(w, ackID{ack: ack.ID, message: ack.MessageID}.key(), func(id []byte) bool {
		ack.ID, ack.MessageID = id, id
		out, err = appendAck(out, w, cmd, ack, h)
		return err == nil
	})
	return out, err
}

// checkAckMode refuses a mode that the version of the session does not have.
func checkAckMode(mode frame.AckMode, v frame.Version) error {
	if mode == frame.AckClientIndividual && v == frame.Version10 {
		return fmt.Errorf("%w: STOMP 1.0 has no client-individual", ErrAckMode)
	}
	return nil
}
