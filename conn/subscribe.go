package conn

import (
	"errors"
	"fmt"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// What the core wants to be sent for a subscription.

func (c *Client) sendSubscribe(e *session.Effect) {
	w, s := wireOf(e.Conn), e.Sub.User.(*Subscription)
	err := checkAckMode(s.opts.Ack, w.version)
	var fields []frame.Field
	if err == nil {
		fields, err = s.subscribeFields(w)
	}
	if err == nil {
		if e.Receipt != 0 {
			fields = append(fields, receiptField(e.Receipt))
		}
		s.endedAt.Store(nil)
		s.track(w)
		_, durable := w.dialect.IsDurable(fields)
		c.mu.Lock()
		s.askedOn = w
		c.core.Asking(e.Sub, e.Conn, durable)
		c.mu.Unlock()
		err = w.orEnd(w.sendFrame(frame.CmdSubscribe, fields))
	}
	if err != nil && !isClosed(err) { // else Lost is to come
		c.mu.Lock()
		c.core.SubscribeFailed(e.Sub, e.Conn, err, c.clock.now())
		c.unlock()
	}
}

// orEnd ends a connection whose outbox is at its hard limit: the broker does not read, and what the
// core has to say about a subscription must not be skipped.
func (w *wire) orEnd(err error) error {
	if errors.Is(err, link.ErrOutboxFull) {
		w.l.Close(err)
		return w.l.Err()
	}
	return err
}

// encodable refuses what no version can represent, before Subscribe waits for a connection.
func (s *Subscription) encodable() error {
	fields := append([]frame.Field{{Name: frame.HeaderID, Value: s.opts.ID}, {Name: frame.HeaderDestination, Value: s.destination}},
		s.opts.Headers...)
	_, err := writer.AppendFrame(nil, frame.Version12, frame.CmdSubscribe, fields, nil)
	return err
}

// subscribeFields returns the headers of SUBSCRIBE on w.
func (s *Subscription) subscribeFields(w *wire) ([]frame.Field, error) {
	fields := []frame.Field{
		{Name: frame.HeaderID, Value: s.id},
		{Name: frame.HeaderDestination, Value: s.destination},
		{Name: frame.HeaderAck, Value: s.wireMode(w).String()},
	}
	own := len(fields)
	fields = append(fields, s.opts.Headers...)
	if s.opts.HeadersFunc != nil {
		var more []frame.Field
		err := fmt.Errorf("stomp: no headers for SUBSCRIBE: %w", errPanicked)
		s.c.guard(nil, func() {
			more = s.opts.HeadersFunc()
			err = checkSubscribe(more)
		})
		if err != nil {
			return nil, err
		}
		fields = append(fields, more...)
	}
	hinted, err := w.dialect.SubscribeFields(s.opts.Hints...)
	if err != nil {
		return nil, err
	}
	fields = append(fields, hinted...)
	if f, ok := s.prefetch(w, fields[own:]); ok {
		fields = append(fields, f)
	}
	if err := w.dialect.CheckPrefetch(s.opts.Ack, fields[own:]); err != nil {
		return nil, err
	}
	clientID := ""
	if w.conn.Slot.CarriesClientID() {
		clientID = s.c.cfg.ClientID
	}
	return fields, w.dialect.CheckDurable(fields[own:], clientID)
}

func (s *Subscription) unsubscribeFields(w *wire, durable bool) ([]frame.Field, error) {
	fields := []frame.Field{{Name: frame.HeaderID, Value: s.id}}
	if w.version == frame.Version10 {
		fields = append(fields, frame.Field{Name: frame.HeaderDestination, Value: s.destination})
	}
	if !durable {
		return fields, nil
	}
	subscribe, err := s.subscribeFields(w)
	if err != nil {
		return nil, err
	}
	name, ok := w.dialect.IsDurable(subscribe)
	if !ok {
		return fields, nil // there is nothing to end for good
	}
	more, err := w.dialect.EndDurableFields(name)
	return append(fields, more...), err
}

func (c *Client) sendUnsubscribe(e *session.Effect) {
	w, s := wireOf(e.Conn), e.Sub.User.(*Subscription)
	if e.Receipt == 0 { // nothing waits for its end, as Unsubscribe does
		s.turn.close()
	}
	fields, err := s.unsubscribeFields(w, e.Durable)
	if err == nil && e.Receipt != 0 {
		fields = append(fields, receiptField(e.Receipt))
	}
	if err == nil {
		w.announce(frame.CmdUnsubscribe, fields)
		var buf []byte
		if buf, err = w.reserveNow(fieldsSize(fields) + frameOverhead); err == nil {
			s.endedAt.Store(w) // the outbox is held: no ACK follows
			out, bad := writer.AppendFrame(buf, w.version, frame.CmdUnsubscribe, fields, nil)
			err = w.commitTold(buf, out, bad)
		}
		err = w.orEnd(err)
	}
	if err != nil && !isClosed(err) {
		c.mu.Lock()
		c.core.UnsubscribeFailed(e.Sub, err, c.clock.now())
		c.unlock()
	}
}

// takeOver gives back what the subscription was delivered and has not acknowledged. RabbitMQ refuses
// a NACK for a subscription that has ended, and delivers again at once what is given back while it
// lasts; and it drops what waits to be sent for one that has ended. So another one takes over its
// id, on an unused topic. All frames go into one write, because deliveries between them would be
// stuck, or in mode auto lost. See session.EffectTakeOver.
func (c *Client) takeOver(e *session.Effect) {
	w, s := wireOf(e.Conn), e.Sub.User.(*Subscription)
	buf, err := w.reserveNow(4 * frameOverhead)
	if err = w.orEnd(err); err != nil {
		return // it has ended, or is about to
	}
	s.endedAt.Store(w)
	mode, ids := frame.AckAuto, []string(nil)
	if s.opts.Ack != frame.AckAuto {
		mode, ids = frame.AckClientIndividual, s.outstanding.take(w)
	}
	fields, _ := s.unsubscribeFields(w, false)
	out, err := writer.AppendFrame(buf, w.version, frame.CmdUnsubscribe, fields, nil)
	if err == nil {
		out, err = writer.AppendFrame(out, w.version, frame.CmdSubscribe, []frame.Field{
			{Name: frame.HeaderID, Value: s.id},
			{Name: frame.HeaderDestination, Value: "/topic/stompwire-unused"},
			{Name: frame.HeaderAck, Value: mode.String()},
			receiptField(e.Receipt),
		}, nil)
	}
	for _, id := range ids {
		if err == nil {
			out, err = s.appendNack(out, w, []byte(id))
		}
	}
	if err != nil {
		out = buf
	}
	w.traceCommit(buf, out) // together they may be longer than a frame
}

// giveBack returns a message that has come for a subscription that was taken over.
func (s *Subscription) giveBack(w *wire, key []byte) {
	buf, err := w.reserveNow(frameOverhead + 2*len(key))
	if err != nil {
		return
	}
	out, err := s.appendNack(buf, w, key)
	_ = w.commit(buf, out, err)
}

// appendNack appends a NACK. On RabbitMQ, which this is for, ack and message-id are the same.
func (s *Subscription) appendNack(dst []byte, w *wire, key []byte) ([]byte, error) {
	return writer.AppendNack(dst, w.version, writer.Ack{ID: key, MessageID: key, Subscription: []byte(s.id)}, nil)
}
