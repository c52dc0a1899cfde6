package conn

import (
	"fmt"

	"github.com/stompwire/stompwire/conn/internal/session"
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

// acknowledge sends ACK or NACK, in a transaction unless tx is nil.
func (w *wire) acknowledge(sub *Subscription, id ackID, cmd frame.Command, tx *session.Tx, h []frame.Field) error {
	if sub == nil || sub.opts.Ack == frame.AckAuto {
		return ErrAckMode
	}
	if err := checkReceipt(cmd, h); err != nil {
		return err
	}
	size := len(id.ack) + len(id.message) + len(id.subscription) + fieldsSize(h) + frameOverhead
	buf, err := w.reserveNow(size)
	if err != nil {
		return err
	}
	if sub.endedOn(w) {
		w.l.Commit(buf)
		return errUnsubscribed
	}
	ack := writer.Ack{ID: id.ack, MessageID: id.message, Subscription: id.subscription}
	if tx != nil {
		w.c.mu.Lock()
		err = w.c.core.Use(tx)
		w.c.mu.Unlock()
		ack.Transaction = tx.ID
	}
	out := buf
	if err == nil && cmd == frame.CmdAck {
		out, err = writer.AppendAck(buf, w.version, ack, h)
	} else if err == nil {
		out, err = writer.AppendNack(buf, w.version, ack, h)
	}
	if err != nil {
		w.l.Commit(buf)
		return err
	}
	sub.settled(w, id)
	w.traceCommit(buf, out)
	return nil
}

// checkAckMode refuses what the version of the session does not have.
func checkAckMode(mode frame.AckMode, v frame.Version) error {
	if mode == frame.AckClientIndividual && v == frame.Version10 {
		return fmt.Errorf("%w: STOMP 1.0 has no client-individual", ErrAckMode)
	}
	return nil
}
