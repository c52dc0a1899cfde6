package broker

import "github.com/stompwire/stompwire/frame"

// enqueue handles a SEND to a queue. If the next consumer has room and need not acknowledge, the
// SEND is encoded into its outbox and not stored. It returns false if it had to be stored and the
// broker is full.
func (d *destination) enqueue(v *view) bool {
	for d.ready > 0 {
		sub := d.next()
		if sub.mode != frame.AckAuto {
			d.turn-- // the turn stays with this subscription
			break
		}
		if sub.sendView(v) {
			return true
		}
	}
	if d.b.isFull() && (d.ready == 0 || d.bytes+v.size > fullAllowance) {
		return false
	}
	m := v.message()
	d.adopt(m)
	d.enqueueMessage(m)
	return true
}

// enqueueMessage delivers m or lets it wait, and releases the caller's reference.
func (d *destination) enqueueMessage(m *message) {
	for d.ready > 0 {
		if d.next().sendMessage(m) {
			d.drop(m)
			return
		}
	}
	d.wait(d.level(m.priority), m)
	d.drop(m)
}

// next returns the subscription whose turn it is. At least one must be ready.
func (d *destination) next() *subscription {
	if d.turn >= d.ready {
		d.turn = 0
	}
	sub := d.subs[d.turn]
	d.turn++
	return sub
}

// dispatchQueue delivers waiting messages as long as a subscription can take them: message by
// message in turn, or in batches when only one can take them.
func (d *destination) dispatchQueue() {
	for {
		from := d.front()
		if from == nil || d.ready == 0 {
			return
		}
		count := 1
		if d.ready == 1 {
			count = from.len()
		}
		d.next().drain(from, count)
	}
}
