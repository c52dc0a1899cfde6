package broker

import (
	"sync"

	"github.com/stompwire/stompwire/frame"
)

// destination is a queue or a topic. Methods that do not lock are called with mu held.
type destination struct {
	b      *Broker
	name   string
	number uint64 // unique among all destinations, never reused
	topic  bool   // each subscription gets every message
	by     *maker // counts the destinations of the session that made it

	mu    sync.Mutex
	gone  bool            // removed from the registry; look the name up again
	seq   counter         // of messages
	subs  []*subscription // in a queue, those that can take a message come first
	ready int             // how many these are
	turn  int             // index of the next to take one among the ready
	keep  int             // how many subscriptions acknowledge

	// pending are the waiting messages of a queue with the default priority, levels those with
	// other priorities, each in the order of seq. After every call either they are empty or ready
	// is 0.
	pending      line
	levels       *levels
	bytes        int // of all messages held, waiting and unacknowledged
	waitingBytes int // of waiting messages; in a topic, once for each subscription
	flow         flow

	counts
}

// counts are the statistics of a destination.
type counts struct {
	in, out, redelivered, unrouted, expired, deadLettered, holds, omitted uint64
}

// sendResult is the result of a SEND.
type sendResult uint8

const (
	sendTaken sendResult = iota
	sendGone             // the destination is gone; there may be a new one
	sendFull             // the broker is full
)

// send handles a SEND, and holds up its session when the destination is full.
func (d *destination) send(s *session, v *view) sendResult {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.gone:
		return sendGone
	case v.expires > 0 && v.expires <= now():
		d.expired++
	case d.topic && !d.fanOut(v), !d.topic && !d.enqueue(v):
		return sendFull
	}
	d.in++
	d.flow.check(d, s)
	return sendTaken
}

// post takes a message that was stored elsewhere. It holds s up, unless nil, when the destination
// is full. It returns false if the destination is gone.
func (d *destination) post(s *session, m *message) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return false
	}
	d.in++
	d.adopt(m)
	if d.topic {
		d.fanOutMessage(m)
	} else {
		d.enqueueMessage(m)
	}
	if s != nil {
		d.flow.check(d, s)
	}
	return true
}

// adopt makes m a message of the destination. Its text counts from now on.
func (d *destination) adopt(m *message) {
	m.seq = d.seq.next()
	m.refs = 1 // the caller's; drop gives it back
	d.count(int(m.size) + d.perRef())
}

// hold takes a reference to m, for a line or for the unacknowledged messages of a subscription.
func (d *destination) hold(m *message) {
	m.refs++
	d.count(d.perRef())
}

// drop releases one reference to m.
func (d *destination) drop(m *message) {
	m.refs--
	bytes := d.perRef()
	if m.refs == 0 {
		bytes += int(m.size)
		m.free()
	}
	d.count(-bytes)
}

func (d *destination) count(bytes int) {
	if bytes != 0 {
		d.bytes += bytes
		d.b.stored.Add(int64(bytes))
	}
}

// refBytes is what a message of a topic counts in addition for each subscription that it waits for
// or that has not acknowledged it: about the size of its place there. A message of a queue is in
// one place at a time, which messageOverhead includes.
const refBytes = 48

func (d *destination) perRef() int {
	if d.topic {
		return refBytes
	}
	return 0
}

// wait puts m at the end of a line.
func (d *destination) wait(in *line, m *message) {
	d.hold(m)
	d.waitingBytes += int(m.size)
	in.add(m)
}

// giveBack puts m, which was taken out of the line, back into it, with its reference.
func (d *destination) giveBack(to *line, m *message) {
	d.waitingBytes += int(m.size)
	to.giveBack(m)
}

// update moves a queue's subscription to its right place in subs after it has changed.
func (d *destination) update(sub *subscription) {
	if d.topic {
		return
	}
	switch can := sub.canTake(); {
	case can && sub.place >= d.ready:
		d.swap(sub.place, d.ready)
		d.ready++
	case !can && sub.place < d.ready:
		d.ready--
		d.swap(sub.place, d.ready)
	}
}

func (d *destination) swap(i, j int) {
	d.subs[i], d.subs[j] = d.subs[j], d.subs[i]
	d.subs[i].place, d.subs[j].place = i, j
}

// add adds a subscription and delivers what waits for it.
func (d *destination) add(sub *subscription) {
	sub.place = len(d.subs)
	d.subs = append(d.subs, sub)
	if sub.mode != frame.AckAuto {
		d.keep++
	}
	d.update(sub)
	d.dispatch(sub)
}

// remove ends a subscription. Its unacknowledged messages go back to the queue.
func (d *destination) remove(sub *subscription) {
	sub.gone = true
	d.update(sub)
	last := len(d.subs) - 1
	d.swap(sub.place, last)
	d.subs[last] = nil
	d.subs = d.subs[:last]
	if sub.mode != frame.AckAuto {
		d.keep--
	}
	d.abandon(sub)
}

// dispatch delivers waiting messages after sub has got outbox space or credit.
func (d *destination) dispatch(sub *subscription) {
	if d.topic {
		d.dispatchTopic(sub)
	} else {
		d.dispatchQueue()
	}
	d.flow.progress(d)
}

// isIdle reports whether the destination may be forgotten.
func (d *destination) isIdle() bool {
	return len(d.subs) == 0 && d.front() == nil
}

// isGone reports whether the destination was removed from the registry. It locks.
func (d *destination) isGone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gone
}
