package conn

import (
	"slices"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// ackPosition is how far a subscription has got on one connection, where ACK and NACK cover all
// earlier messages. A refusal of a skipped message would cover those before it that the user is
// still at work on. Without one, the skipped message would stay outstanding, and a broker with a
// prefetch of 1 would deliver nothing else. So the client refuses it as soon as all messages before it
// are acknowledged, unless the ACK of a later one covers it first. ACKs in a transaction do not
// count, because it may be aborted.
type ackPosition struct {
	w         *wire
	delivered uint64 // how many messages the user got; for the reading goroutine only

	// Guarded by the outbox of w.
	acked   uint64 // number of the latest message that is acknowledged; all before it are, too
	waits   bool   // there is a skipped message to be refused
	skipped ackID  // the latest of them, whose refusal covers the others; owned
	behind  uint64 // number of the message before it
}

// track starts the position of a subscription on w, before SUBSCRIBE leaves. A renewal on the same
// connection keeps it.
func (s *Subscription) track(w *wire) {
	if s.coversEarlier(w) && s.position(w) == nil {
		s.acks.Store(&ackPosition{w: w})
	}
}

// coversEarlier reports whether ACK and NACK on w cover all earlier messages of the subscription.
func (s *Subscription) coversEarlier(w *wire) bool {
	switch {
	case s.opts.Ack != frame.AckClient, w.dialect.AckSpansSubscriptions: // see wireMode
		return false
	case w.dialect.Nack == dialect.DeadLetters: // ActiveMQ takes NACK for one message in any mode
		return w.version == frame.Version10
	}
	return true
}

// position returns how far the subscription has got on w, nil if that does not matter, or if there is
// no subscription.
func (s *Subscription) position(w *wire) *ackPosition {
	if s == nil || s.opts.Ack != frame.AckClient {
		return nil
	}
	if p := s.acks.Load(); p != nil && p.w == w {
		return p
	}
	return nil
}

// nextNumber counts a message that the user is about to get, on the reading goroutine.
func (s *Subscription) nextNumber(w *wire) uint64 {
	p := s.position(w)
	if p == nil {
		return 0
	}
	p.delivered++
	return p.delivered
}

// refusable reports whether all messages before the one that is skipped now are acknowledged. If not,
// it keeps id for later. It runs on the reading goroutine, with the outbox held.
func (p *ackPosition) refusable(id ackID) bool {
	p.waits = p.acked < p.delivered
	if p.waits {
		p.skipped, p.behind = id.clone(), p.delivered
	}
	return !p.waits
}

// acknowledged takes note of an ACK or NACK of the user's for message number n, which dst ends
// with, and appends the refusal that has waited for it. The outbox is held.
func (p *ackPosition) acknowledged(dst []byte, n uint64) []byte {
	p.acked = max(p.acked, n)
	if !p.waits || p.acked < p.behind {
		return dst
	}
	p.waits = false
	if p.acked == p.behind {
		dst, _ = p.w.appendRefusal(dst, p.skipped)
	}
	return dst
}

// inTransaction reports whether an ACK with the headers h of the user's is a part of a transaction.
func inTransaction(tx *Tx, h []frame.Field) bool {
	return tx != nil || slices.ContainsFunc(h, func(f frame.Field) bool { return f.Name == frame.HeaderTransaction })
}
