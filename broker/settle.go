package broker

import "github.com/stompwire/stompwire/frame"

// settlement is what an ACK or NACK frame says about one delivery.
type settlement struct {
	sub  *subscription
	tag  uint64
	nack bool
}

// settle carries a settlement out and delivers what that makes room for. It locks.
// Messages that were refused too often are returned; the caller owns them.
func (d *destination) settle(st settlement) (dead []*message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sub := st.sub
	last := sub.unacked.find(st.tag)
	if last < 0 {
		return nil // its subscription has ended meanwhile, or it was settled before
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

// refuse puts messages that were refused back to where they came from, except for
// those that have been refused too often: these are returned.
func (d *destination) refuse(sub *subscription, back []*message) (dead []*message) {
	again := back[:0]
	for _, m := range back {
		m.again = true
		m.nacks++
		if int(m.nacks) <= d.b.cfg.MaxRedeliveries || isDeadLetters(d.name) {
			again = append(again, m)
			continue
		}
		dead = append(dead, deadLetter(m, d.name))
		d.deadLettered++
		d.drop(m)
	}
	if d.topic {
		sub.requeueTopic(again)
	} else {
		d.requeue(again)
	}
	return dead
}

// requeueTopic lets refused messages wait at the front of their subscription: no
// other can take them.
func (sub *subscription) requeueTopic(back []*message) {
	for i := len(back) - 1; i >= 0; i-- {
		sub.d.waitingBytes += int(back[i].size)
		sub.pending.pushFront(back[i])
	}
}

// abandon gives up what an ended subscription holds. The messages of a queue go
// back to it, marked as delivered before, and others get them.
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
		d.requeue(back)
		d.dispatchQueue()
		d.flow.progress(d)
		return
	}
	for _, m := range back {
		d.drop(m)
	}
	for sub.pending.len() > 0 {
		m := sub.pending.popFront()
		d.waitingBytes -= int(m.size)
		d.drop(m)
	}
	d.flow.progress(d)
}

// deadLetter returns a copy of m for the dead letter queue, with a header that
// tells where it comes from.
func deadLetter(m *message, name string) *message {
	c := newMessage(len(m.text.B) + len(headerOriginal) + len(name) + 2)
	c.text.B = appendCanonical(c.text.B, []byte(headerOriginal), []byte(name))
	c.plain = m.plain && len(c.text.B) == len(headerOriginal)+len(name)+2
	c.text.B = append(c.text.B, m.text.B...)
	c.priority = m.priority
	c.measure()
	return c
}

const headerOriginal = "original-destination"
