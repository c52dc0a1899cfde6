package broker

import "github.com/stompwire/stompwire/frame"

// fanOut handles a SEND to a topic. For a single subscriber it is encoded straight into its outbox;
// for several, its text is encoded once and copied. It returns false if it had to be stored and the
// broker is full.
func (d *destination) fanOut(v *view) bool {
	switch len(d.subs) {
	case 0:
		d.unrouted++
		return true
	case 1:
		sub := d.subs[0]
		if sub.mode == frame.AckAuto && sub.pending.len() == 0 && sub.canTake() && sub.sendView(v) {
			return true
		}
	}
	if d.b.isFull() && !d.mayFanOutWhenFull(v) {
		return false
	}
	m := v.message()
	d.adopt(m)
	d.fanOutMessage(m)
	return true
}

// mayFanOutWhenFull reports whether a message for several subscriptions is likely to need no
// storage. Whether each outbox takes it shows only when it is tried. If that fails too often, a
// second bound applies.
func (d *destination) mayFanOutWhenFull(v *view) bool {
	if d.waitingBytes > 0 || len(d.subs) == 1 && d.keep == 0 {
		return false // with a single subscription it was tried already
	}
	return d.bytes+v.size <= fullAllowance || d.keep == 0 && d.b.stored.Load() < int64(d.b.cfg.StoredBytes)/8*9
}

// fanOutMessage delivers m to every subscription, or lets it wait for those that are not ready, and
// releases the caller's reference.
func (d *destination) fanOutMessage(m *message) {
	if len(d.subs) == 0 {
		d.unrouted++
	}
	for _, sub := range d.subs {
		if sub.gone || sub.pending.len() == 0 && sub.canTake() && sub.sendMessage(m) {
			continue
		}
		d.wait(&sub.pending, m)
	}
	d.drop(m)
}

// dispatchTopic delivers what waits for sub.
func (d *destination) dispatchTopic(sub *subscription) {
	for sub.pending.len() > 0 && sub.canTake() {
		sub.drain(&sub.pending, sub.pending.len())
	}
}
