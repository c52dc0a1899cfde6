package broker

import (
	"github.com/stompwire/stompwire/frame"
)

// onAck handles an ACK or NACK: at once, or when its transaction commits.
func (s *session) onAck(f *frame.Frame) {
	if f.Command == frame.CmdNack && s.version == frame.Version10 {
		s.refuse(f, "unknown command", "NACK exists since version 1.1.")
		return
	}
	st, problem := s.settlementOf(f)
	if problem != nil && !(s.late && problem == &unknownDelivery) {
		s.refuse(f, problem.message, problem.detail)
		return
	}
	if id, ok := f.Header.Lookup(frame.HeaderTransaction); ok {
		if !s.holdAck(f, id, st) {
			return
		}
	} else if problem == nil {
		s.settle(st)
	}
	s.receiptOf(f)
}

func (s *session) settle(st settlement) {
	if dead := st.sub.d.settle(st); len(dead) > 0 {
		s.bury(st.sub, dead)
	}
}

// unknownDelivery is tolerated once a subscription has ended with messages under way, because its
// ACKs may have been under way, too. They have no effect: the messages are back in their queue.
var unknownDelivery = refusal{"unknown message", "No unacknowledged message of this connection has this id."}

// settlementOf finds the delivery that an ACK or NACK names, in the form of the version: 1.2 has
// the id of the delivery, 1.1 the message and the subscription, 1.0 the message alone.
func (s *session) settlementOf(f *frame.Frame) (settlement, *refusal) {
	nack := f.Command == frame.CmdNack
	if s.version == frame.Version12 {
		id, ok := f.Header.Lookup(frame.HeaderID)
		if !ok {
			return settlement{}, &refusal{"missing id", "In version 1.2 ACK and NACK must have an id header."}
		}
		return s.deliveryByID(id, nack)
	}
	id, ok := f.Header.Lookup(frame.HeaderMessageID)
	if !ok {
		return settlement{}, &refusal{"missing message-id", "Before version 1.2 ACK and NACK must have a message-id header."}
	}
	of, ok := f.Header.Lookup(frame.HeaderSubscription)
	if !ok && s.version == frame.Version11 {
		return settlement{}, &refusal{"missing subscription", "In version 1.1 ACK and NACK must have a subscription header."}
	}
	return s.deliveryByMessage(id, of, nack)
}

func (s *session) deliveryByID(id []byte, nack bool) (settlement, *refusal) {
	place, tag, ok := parsePair(id)
	if !ok || place >= uint64(len(s.slots)) || s.slots[place].sub == nil {
		return settlement{}, &unknownDelivery
	}
	sub := s.slots[place].sub
	sub.d.mu.Lock()
	defer sub.d.mu.Unlock()
	if sub.unacked.find(tag) < 0 {
		return settlement{}, &unknownDelivery
	}
	return settlement{sub, tag, nack}, nil
}

// deliveryByMessage finds a delivery by its message id. It looks in the subscription with the id
// of, or in all subscriptions if of is nil.
func (s *session) deliveryByMessage(id, of []byte, nack bool) (settlement, *refusal) {
	number, seq, ok := parsePair(id)
	if !ok {
		return settlement{}, &unknownDelivery
	}
	if of != nil {
		sub := s.subs[string(of)]
		if tag := sub.underWay(number, seq); tag > 0 {
			return settlement{sub, tag, nack}, nil
		}
		return settlement{}, &unknownDelivery
	}
	for _, slot := range s.slots {
		if tag := slot.sub.underWay(number, seq); tag > 0 {
			return settlement{slot.sub, tag, nack}, nil
		}
	}
	return settlement{}, &unknownDelivery
}

// underWay returns the tag of the delivery of message seq of destination number, 0
// if there is none.
func (sub *subscription) underWay(number, seq uint64) uint64 {
	if sub == nil || sub.d.number != number {
		return 0
	}
	sub.d.mu.Lock()
	defer sub.d.mu.Unlock()
	return sub.unacked.tagOf(seq)
}
