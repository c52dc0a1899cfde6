package broker

import "github.com/stompwire/stompwire/frame"

// settlement is an ACK or NACK of one delivery.
type settlement struct {
	sub  *subscription
	tag  uint64
	nack bool
}

// settle carries a settlement out and delivers what then has room. It locks. It returns the
// messages that were refused too often. They are in no line any more and still count: the caller
// has to bury them.
func (d *destination) settle(st settlement) (dead []*message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sub := st.sub
	last := sub.unacked.find(st.tag)
	if last < 0 {
		return nil // the subscription has ended meanwhile, or the delivery was settled before
	}
	first := last
	if sub.mode == frame.AckClient {
		first = 0 // "the acknowledgments are cumulative" (STOMP 1.2, SUBSCRIBE ack)
	}
	var back []*message
	for i := first; i <= last; i++ {
		m := sub.unacked.take(i)
		switch {
		case m == nil:
		case !st.nack:
			d.drop(m)
		default:
			back = append(back, m)
		}
	}
	sub.unacked.tidy()
	if st.nack {
		dead = d.refuse(sub, back)
	}
	d.update(sub)
	d.dispatch(sub)
	return dead
}

// refuse puts refused messages back to where they came from, and returns those that have been
// refused too often instead.
func (d *destination) refuse(sub *subscription, back []*message) (dead []*message) {
	again := back[:0]
	for _, m := range back {
		m = d.unshare(m)
		m.again = true
		m.nacks++
		if int(m.nacks) <= d.b.cfg.MaxRedeliveries || isDeadLetters(d.name) {
			again = append(again, m)
		} else {
			dead = append(dead, m)
		}
	}
	d.putBack(sub, again)
	return dead
}

// putBack puts messages that were delivered to sub back into their places: into the queue, or, in a
// topic, into sub's own line, since no other subscription can take them.
func (d *destination) putBack(sub *subscription, back []*message) {
	for _, m := range back {
		to := &sub.pending
		if !d.topic {
			to = d.level(m.priority)
		}
		d.giveBack(to, m)
	}
}

// unshare returns m, or a copy if other subscriptions of a topic have it, too, because the others
// have neither refused it nor received it before. If a bound allows no copy, m stays shared with
// its marks.
func (d *destination) unshare(m *message) *message {
	if m.refs == 1 || d.bytes+int(m.size) > d.b.cfg.QueueBytes || d.b.isFull() {
		return m
	}
	c := m.copy(nil)
	c.seq, c.expires, c.nacks, c.refs = m.seq, m.expires, m.nacks, 1
	d.count(int(c.size) + d.perRef())
	d.drop(m)
	return c
}

// abandon releases what an ended subscription holds. Messages of a queue go back to it, marked as
// delivered before, and are delivered to others.
func (d *destination) abandon(sub *subscription) {
	var back []*message
	for i := range sub.unacked.ring.len() {
		if m := sub.unacked.take(i); m != nil {
			m.again = true
			back = append(back, m)
		}
	}
	sub.unacked.tidy()
	if !d.topic {
		d.putBack(sub, back)
		d.dispatchQueue()
		d.flow.progress(d)
		return
	}
	for _, m := range back {
		d.drop(m)
	}
	for sub.pending.len() > 0 {
		m := sub.pending.take()
		d.waitingBytes -= int(m.size)
		d.drop(m)
	}
	d.flow.progress(d)
}
