package conn

import (
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// A broker takes larger messages than we may. One that ended the connection would be delivered
// again after each reconnect, and nothing behind it would ever come. So a MESSAGE above Limits is
// read to its end and dropped, reported, and refused; if it is a reply, its request fails. Of any
// other frame the limit ends the connection, because what it answered would stay open.

var _ link.OversizeHandler = (*wireHandler)(nil)

// SkipOversize is called by the link. A message cannot come before the version is agreed on.
func (h *wireHandler) SkipOversize(err *frame.LimitError) bool {
	return err.Command == frame.CmdMessage && h.version != 0
}

// OnOversize is called by the link at the end of a message whose header was above our limits. f
// has the header lines before the limit.
func (h *wireHandler) OnOversize(f *frame.Frame, err *frame.LimitError) error {
	w := (*wire)(h)
	w.settleReceipts()
	w.skip(f.Header, err)
	return nil
}

// skip counts, reports and refuses a message that was above a limit. details are for the log.
func (w *wire) skip(header frame.Header, limit *frame.LimitError, details ...any) {
	c := w.c
	sub, reply := w.subscriptionOf(&frame.Frame{Command: frame.CmdMessage, Header: header})
	m := &Message{Header: header, w: w, sub: sub}
	if sub != nil && sub.outstanding.takenOn(w) { // it comes again on the connection that sub has now
		sub.giveBack(w, m.ackID().key())
		return
	}
	c.stats.skipped.Add(1)
	if c.cfg.Logger != nil {
		details = append(details, "destination", string(m.Destination()), "message-id", string(m.id()), "cause", limit)
		c.cfg.Logger.Error("stomp: message above our limits skipped", details...)
	}
	if c.cfg.Trace != nil {
		w.trace(&Event{Kind: EventSkipped, Message: m, Subscription: sub, Err: limit})
	}
	switch {
	case reply:
		w.replySkipped(header, limit)
	case sub != nil:
		_ = w.refuse(sub, m.ackID())
	}
}

// refuse sends NACK for one message that the user has not got, so that the broker does not keep
// it for this connection, nor deliver it again at once where that can be told. Where NACK would cover
// earlier messages, it may have to wait for their ACKs: see ackPosition. On RabbitMQ ACK of 1.0 would
// cover other subscriptions, so there the message waits for the ACK of a later one.
func (w *wire) refuse(sub *Subscription, id ackID) error {
	p := sub.position(w)
	if sub.opts.Ack == frame.AckAuto || p == nil && w.version == frame.Version10 {
		return nil
	}
	buf, err := w.reserveNow(frameOverhead + len(id.ack) + len(id.message) + len(id.subscription))
	if err != nil {
		return err
	}
	switch {
	case sub.endedOn(w):
		w.l.Commit(buf)
		return errUnsubscribed
	case p != nil && !p.refusable(id):
		w.l.Commit(buf)
		return nil
	}
	out, err := w.appendRefusal(buf, id)
	return w.commit(buf, out, err)
}

// appendRefusal appends NACK; in 1.0, which has none, ACK.
func (w *wire) appendRefusal(dst []byte, id ackID) ([]byte, error) {
	ack := writer.Ack{ID: id.ack, MessageID: id.message, Subscription: id.subscription}
	if w.version == frame.Version10 {
		return writer.AppendAck(dst, w.version, ack, nil)
	}
	var fields []frame.Field
	if w.dialect.Nack == dialect.Requeues { // unless it is told not to
		fields = []frame.Field{{Name: "requeue", Value: "false"}}
	}
	return writer.AppendNack(dst, w.version, ack, fields)
}
