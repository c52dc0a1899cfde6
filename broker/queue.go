package broker

import (
	"slices"

	"github.com/stompwire/stompwire/frame"
)

// enqueue takes a SEND to a queue. If the consumer whose turn it is has room and
// need not acknowledge, the SEND is encoded into its outbox and nothing is kept.
func (d *destination) enqueue(v *view) {
	for d.ready > 0 {
		sub := d.next()
		if sub.mode != frame.AckAuto {
			break
		}
		if sub.sendView(v) {
			return
		}
	}
	m := v.message()
	d.adopt(m)
	d.enqueueMessage(m)
}

// enqueueMessage delivers m or lets it wait, and gives up the caller's reference.
func (d *destination) enqueueMessage(m *message) {
	for d.ready > 0 {
		if d.next().sendMessage(m) {
			d.drop(m)
			return
		}
	}
	d.wait(&d.pending, m)
	d.drop(m)
}

// next returns the subscription whose turn it is. There must be a ready one.
func (d *destination) next() *subscription {
	if d.turn >= d.ready {
		d.turn = 0
	}
	sub := d.subs[d.turn]
	d.turn++
	return sub
}

// dispatchQueue delivers what waits as long as somebody can take it: message by
// message in turn, or in batches when there is only one to take them.
func (d *destination) dispatchQueue() {
	for d.pending.len() > 0 && d.ready > 0 {
		count := 1
		if d.ready == 1 {
			count = d.pending.len()
		}
		d.next().drain(&d.pending, count)
	}
}

// requeue puts messages that were delivered back to their places at the head of
// the queue. They are in ascending order and come with a reference each.
func (d *destination) requeue(back []*message) {
	if len(back) == 0 {
		return
	}
	// Others may have come back before, so the two are merged.
	last := back[len(back)-1].seq
	for d.pending.len() > 0 && (*d.pending.at(0)).seq < last {
		back = append(back, d.pending.popFront())
		d.waitingBytes -= int(back[len(back)-1].size)
	}
	slices.SortFunc(back, func(a, b *message) int {
		if a.seq < b.seq {
			return -1
		}
		return 1
	})
	for _, m := range slices.Backward(back) {
		d.waitingBytes += int(m.size)
		d.pending.pushFront(m)
	}
}
