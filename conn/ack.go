package conn

import (
	"fmt"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// ackID is what ACK and NACK name a message by. Its texts are borrowed.
type ackID struct{ ack, message, subscription []byte }

func (m *Message) ackID() ackID {
	return ackID{
		ack: m.Header.Get(frame.HeaderAck), message: m.id(), subscription: m.Header.Get(frame.HeaderSubscription),
	}
}

// key is what a broker knows the message by: before 1.2 its message-id.
func (id ackID) key() []byte {
	if len(id.ack) > 0 {
		return id.ack
	}
	return id.message
}

func ackKey(h frame.Header) []byte {
	return ackID{ack: h.Get(frame.HeaderAck), message: h.Get(frame.HeaderMessageID)}.key()
}

// Token acknowledges one message later, without keeping the message. The zero value is of no
// use. Safe for concurrent use.
type Token struct {
	w   *wire
	sub *Subscription
	id  ackID
}

// Token returns what acknowledges the message after the handler has returned. It allocates the
// ids of the message.
func (m *Message) Token() Token {
	id := m.ackID()
	text := make([]byte, 0, len(id.ack)+len(id.message)+len(id.subscription))
	own := func(b []byte) []byte {
		text = append(text, b...)
		return text[len(text)-len(b) : len(text) : len(text)]
	}
	return Token{w: m.w, sub: m.sub, id: ackID{own(id.ack), own(id.message), own(id.subscription)}}
}

// Ack is Message.Ack.
func (t Token) Ack(h ...frame.Field) error { return t.w.acknowledge(t.sub, t.id, frame.CmdAck, nil, h) }

// Nack is Message.Nack.
func (t Token) Nack(h ...frame.Field) error {
	return t.w.acknowledge(t.sub, t.id, frame.CmdNack, nil, h)
}

// acknowledge sends ACK or NACK, in a transaction unless tx is nil. What AckEvery has gathered goes
// before it: a cumulative NACK would refuse that, and an ACK cover it, so that it would come twice.
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

// putAck puts ACK or NACK into the outbox. It returns what is to be traced.
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
	return w.commitCopied(buf, out), nil
}

func appendAck(dst []byte, w *wire, cmd frame.Command, ack writer.Ack, h []frame.Field) ([]byte, error) {
	if cmd == frame.CmdAck {
		return writer.AppendAck(dst, w.version, ack, h)
	}
	return writer.AppendNack(dst, w.version, ack, h)
}

// wireMode is the ack mode of SUBSCRIBE on w. On RabbitMQ a cumulative ACK would acknowledge the
// messages of other subscriptions of the connection, too: there the client does in its place what
// mode client promises, with an ACK for each message.
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

// checkAckMode refuses what the version of the session does not have.
func checkAckMode(mode frame.AckMode, v frame.Version) error {
	if mode == frame.AckClientIndividual && v == frame.Version10 {
		return fmt.Errorf("%w: STOMP 1.0 has no client-individual", ErrAckMode)
	}
	return nil
}
