package broker

import (
	"strconv"

	"github.com/stompwire/stompwire/frame"
)

// RabbitMQ's and ActiveMQ's headers of SUBSCRIBE that bound the unacknowledged messages.
const (
	headerPrefetch         = "prefetch-count"
	headerActiveMQPrefetch = "activemq.prefetchSize"
)

// onSubscribe handles a SUBSCRIBE. "If the server cannot successfully create the subscription, the
// server MUST send the client an ERROR frame" (STOMP 1.2).
func (s *session) onSubscribe(f *frame.Frame) {
	sub, problem := s.newSubscription(f)
	if problem != nil {
		s.refuse(f, problem.message, problem.detail)
		return
	}
	name := f.Header.Get(frame.HeaderDestination)
	public, mine := s.publicName(name)
	if isTemp(name) && !mine {
		s.refuse(f, "foreign temporary destination", "Only the connection that owns a temporary destination can subscribe to it.")
		return
	}
	if !s.mayRead(name) {
		no := s.forbidden("subscribe to")
		s.refuse(f, no.message, no.detail)
		return
	}
	id, _ := f.Header.Lookup(frame.HeaderID)
	s.enter(sub)
	for !s.join(sub, f, public, name, id) {
		if s.state == stateOver {
			return
		}
	}
}

// join adds sub to its destination. It returns false if that was about to be removed, or could not
// be made.
func (s *session) join(sub *subscription, f *frame.Frame, public, name, id []byte) bool {
	d, err := s.destination(public)
	if err != nil {
		delete(s.subs, sub.key)
		s.refuse(f, err.Error(), "The subscription was not made.")
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return false
	}
	sub.d = d
	sub.compile(name, id, d.number)
	// d is locked, so the receipt comes before the first MESSAGE, and a peer that sends after the
	// receipt finds the subscription.
	s.receiptOf(f)
	d.add(sub)
	return true
}

// newSubscription checks a SUBSCRIBE frame.
func (s *session) newSubscription(f *frame.Frame) (*subscription, *refusal) {
	name, id := f.Header.Get(frame.HeaderDestination), f.Header.Get(frame.HeaderID)
	sub := &subscription{s: s, key: subscriptionKey(name, id), max: s.b.cfg.MaxUnacked}
	mode, ok := frame.ParseAckMode(f.Header.Text(frame.HeaderAck))
	sub.mode = mode
	switch {
	case len(name) == 0:
		return nil, &refusal{"missing destination", "A SUBSCRIBE frame must have a destination header."}
	case isTooLong(name) || len(id) > maxName:
		return nil, &refusal{"name is too long", "Names may have at most " + strconv.Itoa(maxName) + " bytes."}
	case isEmptyName(name):
		return nil, &refusal{errNameEmpty.Error(), "A destination must have a name behind its prefix."}
	case isWildcard(name):
		return nil, &refusal{errWildcard.Error(), "Names are compared octet by octet here: there are no patterns."}
	case len(id) == 0 && s.version != frame.Version10:
		// "the frame MUST include the id header" (STOMP 1.1 and 1.2, SUBSCRIBE)
		return nil, &refusal{"missing id", "Since version 1.1 a SUBSCRIBE frame must have an id header."}
	case s.subs[sub.key] != nil:
		// "different subscriptions MUST use different subscription identifiers"
		return nil, &refusal{"duplicate subscription id", "The connection has a subscription with this id."}
	case len(s.subs) >= s.b.cfg.MaxSubscriptions:
		return nil, &refusal{"too many subscriptions", "A connection may have at most " + strconv.Itoa(s.b.cfg.MaxSubscriptions) + "."}
	case len(f.Header.Get(frame.HeaderSelector)) > 0:
		return nil, &refusal{"selector is not supported", "This broker delivers all messages of a destination."}
	case !ok:
		return nil, &refusal{"unknown ack mode", "The ack header is auto, client or client-individual."}
	}
	return sub, sub.setPrefetch(f)
}

// subscriptionKey identifies a subscription within a session: by its id, or on 1.0, where the id is
// optional, by its destination. A 1.0 header cannot contain LF, so the two kinds cannot collide.
func subscriptionKey(name, id []byte) string {
	if len(id) == 0 {
		return "\n" + string(name)
	}
	return string(id)
}

func (sub *subscription) setPrefetch(f *frame.Frame) *refusal {
	for _, name := range []string{headerPrefetch, headerActiveMQPrefetch} {
		value, ok := f.Header.Lookup(name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(string(value), 10, 31)
		if err != nil {
			return &refusal{"malformed prefetch header", name + " is a number of messages."}
		}
		if n > 0 { // 0 means our maximum
			sub.max = min(sub.max, int(n))
		}
	}
	return nil
}

// enter adds sub to the session's tables.
func (s *session) enter(sub *subscription) {
	if s.subs == nil {
		s.subs = make(map[string]*subscription)
	}
	s.subs[sub.key] = sub
	if n := len(s.free); n > 0 {
		sub.slot, s.free = s.free[n-1], s.free[:n-1]
	} else {
		sub.slot, s.slots = len(s.slots), append(s.slots, slot{})
	}
	s.slots[sub.slot].sub = sub
	sub.unacked.last = s.slots[sub.slot].tag
	sub.unacked.named = s.version != frame.Version12
}

// onUnsubscribe handles an UNSUBSCRIBE. "The id header MUST match the subscription identifier of an
// existing subscription" (STOMP 1.2, UNSUBSCRIBE).
func (s *session) onUnsubscribe(f *frame.Frame) {
	sub := s.namedBy(f)
	if sub == nil {
		s.refuse(f, "unknown subscription", "UNSUBSCRIBE names a subscription of this connection.")
		return
	}
	s.end(sub)
	s.receiptOf(f)
}

// namedBy returns the subscription that UNSUBSCRIBE names. On 1.0 it may name the destination
// instead of an id.
func (s *session) namedBy(f *frame.Frame) *subscription {
	if id := f.Header.Get(frame.HeaderID); len(id) > 0 {
		return s.subs[string(id)]
	}
	if s.version != frame.Version10 {
		return nil
	}
	name := f.Header.Get(frame.HeaderDestination)
	if sub := s.subs[subscriptionKey(name, nil)]; sub != nil {
		return sub
	}
	public, _ := s.publicName(name)
	for _, sub := range s.subs {
		if sub.d.name == string(public) {
			return sub
		}
	}
	return nil
}

// end ends a subscription.
func (s *session) end(sub *subscription) {
	delete(s.subs, sub.key)
	if d := sub.d; d != nil {
		d.mu.Lock()
		s.late = s.late || sub.unacked.live > 0
		d.remove(sub)
		idle := d.isIdle()
		d.mu.Unlock()
		if idle {
			s.b.registry.tidy(d)
		}
	}
	s.slots[sub.slot] = slot{tag: sub.unacked.last}
	s.free = append(s.free, sub.slot)
}
