package ledger

import (
	"iter"
	"slices"
)

// Entry is one arrival of one message.
type Entry struct {
	Producer uint32 // as the group counts them
	// Late: the consumer has received a later message of this producer before; see Order.
	Late bool
	// Redelivered: the broker marked it as delivered before.
	Redelivered bool
	Sequence    uint64
}

// Repeats counts what came more often than once or late.
type Repeats struct {
	// Duplicated counts messages that came again without a mark, Redelivered those that came again
	// marked as redelivered: after a NACK, or because the broker had no acknowledgement.
	Duplicated, Redelivered uint64
	Reordered               uint64
}

func (r *Repeats) add(o Repeats) {
	r.Duplicated += o.Duplicated
	r.Redelivered += o.Redelivered
	r.Reordered += o.Reordered
}

// Group is the book of the consumers that share one copy of one or several streams.
type Group struct {
	arrivals  []*Arrival // by producer; nil before the first
	producers int
	repeats   Repeats
	marked    int // numbers in Marked of all arrivals
}

// maxMarked bounds Group.marked. Beyond it, the other copy of a message counts as a duplicate: the
// worse case.
const maxMarked = 1 << 16

// maxJump is how far a sequence number may be ahead of all before it. One that is further ahead
// does not come from a producer, and the numbers between would take memory.
const maxJump = 1 << 34

// NewGroup returns an empty book for the given number of producers.
func NewGroup(producers int) *Group { return &Group{producers: producers} }

// Record records an arrival. A message that the group has received before is a duplicate, or
// redelivered if the broker marked one of the copies. A message that is new but late is reordered,
// unless it was redelivered. The order in which copies are recorded does not matter, because
// different consumers have no common order. Record returns false, and records nothing, for a
// producer or a sequence number that is impossible.
func (g *Group) Record(e Entry) bool {
	if int(e.Producer) >= g.producers || e.Sequence == 0 {
		return false
	}
	place := grownTo(&g.arrivals, e.Producer)
	if *place == nil {
		*place = &Arrival{}
	}
	a := *place
	if e.Sequence > a.Received.high+maxJump {
		return false
	}
	first := a.Received.Add(e.Sequence)
	switch {
	case first && e.Redelivered:
		// Another consumer may still have the first delivery and record it later.
		if g.marked < maxMarked {
			a.Marked.Add(e.Sequence)
			g.marked++
		}
		return true
	case !first && e.Redelivered:
		g.repeats.Redelivered++
		return true
	case !first && (g.marked == 0 || !a.Marked.CheckedRemove(e.Sequence)):
		g.repeats.Duplicated++
		return true
	case !first:
		g.repeats.Redelivered++ // counts the copy that was recorded before
		g.marked--
	}
	if e.Late {
		g.repeats.Reordered++
	}
	return true
}

// Received returns how many different messages have arrived.
func (g *Group) Received() uint64 {
	var n uint64
	for _, a := range g.arrivals {
		if a != nil {
			n += a.Received.Len()
		}
	}
	return n
}

// Redelivered returns how many messages came again and were marked.
func (g *Group) Redelivered() uint64 { return g.repeats.Redelivered }

// Lost yields the lost messages of a producer with that account, in runs of sequence numbers.
// Forgotten messages are left out.
func (g *Group) Lost(producer int, a *Account) iter.Seq[Interval] {
	received := &Set{}
	if producer < len(g.arrivals) && g.arrivals[producer] != nil {
		received = &g.arrivals[producer].Received
	}
	return runs(a.lost(received))
}

// Copy returns the book of the group in a form that can leave the process. name returns the origin
// of a producer of the group. What was received is borrowed from the group.
func (g *Group) Copy(name func(producer int) Origin) Copy {
	c := Copy{Repeats: g.repeats}
	for i, a := range g.arrivals {
		if a != nil {
			a.Origin = name(i)
			c.Arrivals = append(c.Arrivals, a)
		}
	}
	return c
}

// Order detects, for one consumer, messages that arrive after a later one of the same producer and
// priority. There is no order between priorities, and none between the consumers of a queue.
type Order struct {
	last      [priorities][]uint64 // grows with the highest producer seen
	producers int
}

// priorities is how many there are, from 0 on.
const priorities = 10

// NewOrder returns an Order for the given number of producers.
func NewOrder(producers int) Order { return Order{producers: producers} }

// Late reports whether sequence comes after a later one. If all messages have the same priority,
// any value such as 0 can be passed.
func (o *Order) Late(producer uint32, priority uint8, sequence uint64) bool {
	if int(producer) >= o.producers || priority >= priorities {
		return false
	}
	last := grownTo(&o.last[priority], producer)
	if sequence <= *last {
		return true
	}
	*last = sequence
	return false
}

// grownTo returns the element at, and makes the slice long enough for it.
func grownTo[T any](all *[]T, at uint32) *T {
	if int(at) >= len(*all) {
		*all = slices.Grow(*all, int(at)+1-len(*all))[:at+1]
	}
	return &(*all)[at]
}
