package broker

import "github.com/stompwire/stompwire/frame"

// fanOut takes a SEND to a topic. For a single subscriber it is encoded straight
// into its outbox; for several its text is encoded once and copied.
func (d *destination) fanOut(v *view) {
	switch len(d.subs) {
	case 0:
		d.unrouted++
		return
	case 1:
		sub := d.subs[0]
		if sub.mode == frame.AckAuto && sub.pending.len() == 0 && sub.canTake() && sub.sendView(v) {
			return
		}
	}
	m := v.message()
	d.adopt(m)
	d.fanOutMessage(m)
}

// fanOutMessage delivers m to every subscription, or lets it wait for those that
// are not ready, and gives up the caller's reference.
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
