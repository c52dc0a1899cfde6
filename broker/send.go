package broker

import (
	"errors"
	"slices"

	"github.com/stompwire/stompwire/frame"
)

// onSend handles a SEND. The receipt is sent when the message is in the outbox of a consumer or in
// the queue: then it is processed.
func (s *session) onSend(f *frame.Frame) {
	v := &s.view
	v.read(f)
	if problem := s.problemOf(v); problem != nil {
		s.refuse(f, problem.message, problem.detail)
		return
	}
	if v.receipt != nil && !s.canAnswer(f, v.receipt) {
		return
	}
	if v.transaction != nil {
		if !s.holdSend(v) {
			return
		}
	} else if err := s.publish(v); err != nil {
		s.refuse(f, err.Error(), notTaken)
		return
	}
	s.receipt(v.receipt)
}

// problemOf returns why a SEND is refused whatever the state of its destination, nil if it is not.
func (s *session) problemOf(v *view) *refusal {
	name := v.destination
	if len(name) == 0 {
		// "SEND frames MUST include a destination header" (STOMP 1.2, SEND)
		return &refusal{"missing destination", "A SEND frame must have a destination header."}
	}
	if s.lastName != string(name) { // the latest name was checked before
		if err := checkName(name); err != nil {
			return &refusal{err.Error(), notTaken}
		}
	}
	if s.rights != nil && !s.mayWrite(name) {
		no := s.forbidden("send to")
		return &no
	}
	return v.unreadable(&s.b.readable)
}

const notTaken = "The message was not taken."

// errBrokerFull: the broker holds as much as Config.StoredBytes allows.
var errBrokerFull = errors.New("broker is full")

// publish hands a SEND to its destination.
func (s *session) publish(v *view) error {
	for {
		d, err := s.sendTo(v.destination)
		if err != nil {
			return err
		}
		if d == nil {
			s.b.unrouted.Add(1)
			return nil
		}
		switch d.send(s, v) {
		case sendTaken:
			if v.expires > 0 {
				s.b.registry.tidy(d) // it may have been made for this SEND only
			}
			return nil
		case sendFull:
			s.b.registry.tidy(d)
			return errBrokerFull
		}
		s.last = nil // it was idle and was removed; there may be a new one
	}
}

// sendTo returns the destination for messages to name. It returns nil if no session could ever
// receive them: for a topic without subscriptions, or a temporary name whose owner is gone.
func (s *session) sendTo(name []byte) (*destination, error) {
	if s.last != nil && s.lastName == string(name) {
		return s.last, nil
	}
	public, mine := s.publicName(name)
	var d *destination
	if isTemp(name) && !mine || isTopicName(string(name)) {
		d = s.b.registry.find(public)
	} else {
		var err error
		if d, err = s.destination(public); err != nil {
			return nil, err
		}
	}
	if d != nil {
		s.last, s.lastName = d, string(name)
	}
	return d, nil
}

// publicName returns the name by which the registry knows name, and whether it is a
// temporary one of this session.
func (s *session) publicName(name []byte) (public []byte, mine bool) {
	if !isTemp(name) {
		return name, false
	}
	public = appendPublic(nil, name, s.number)
	return public, ownsTemp(public, s.number)
}

// destination returns the destination with that public name, and makes it if there is none.
func (s *session) destination(public []byte) (*destination, error) {
	if !isTemp(public) {
		return s.b.registry.get(s.b, public, s.maker)
	}
	if d := s.b.registry.find(public); d != nil && slices.Contains(s.temps, d) {
		return d, nil
	}
	s.temps = slices.DeleteFunc(s.temps, (*destination).isGone)
	if len(s.temps) >= s.b.cfg.MaxSubscriptions {
		return nil, errTooManyDestinations
	}
	d, err := s.b.registry.get(s.b, public, s.maker)
	if err == nil {
		s.temps = append(s.temps, d)
	}
	return d, err
}
