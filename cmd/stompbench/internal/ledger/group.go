package ledger

import "slices"

// Entry is one arrival of one message.
type Entry struct {
	Producer uint32 // as the group counts them
	// Late: the consumer has received a later message of this producer before; see Order.
	Late bool
	// Redelivered: the broker marked it as delivered before.
	Redelivered bool
	Sequence    uint64
}

// Group is the book of the consumers that share one copy of one or several streams.
type Group struct {
	received    []Set // by producer; grows with the highest producer seen
	producers   int
	accounts    []uint32 // which account each producer is; nil if in the same order
	duplicated  uint64
	redelivered uint64
	reordered   uint64
	// early are the messages whose first recorded copy was a marked one: another consumer may still
	// have the first delivery and record it later.
	early map[message]struct{}
}

// message is a message by its numbers.
type message struct {
	producer uint32
	sequence uint64
}

// maxEarly bounds Group.early. Beyond it, the other copy of a message counts as a duplicate: the
// worse case.
const maxEarly = 1 << 16

// NewGroup returns an empty book for the given number of producers.
func NewGroup(producers int) *Group { return &Group{producers: producers} }

// NewGroupOf returns an empty book for the producers with the given accounts:
// Entry.Producer is an index of accounts.
func NewGroupOf(accounts []uint32) *Group {
	return &Group{producers: len(accounts), accounts: accounts}
}

// Record records an arrival. A message that the group has received before is a duplicate, or
// redelivered if the broker marked one of the copies. A message that is new but late is reordered,
// unless it was redelivered. The order in which copies are recorded does not matter, because
// different consumers have no common order. Record returns false, and records nothing, for a
// producer or a sequence number that is impossible.
func (g *Group) Record(e Entry) bool {
	if int(e.Producer) >= g.producers || e.Sequence == 0 {
		return false
	}
	if int(e.Producer) >= len(g.received) {
		g.received = slices.Grow(g.received, int(e.Producer)+1-len(g.received))[:e.Producer+1]
	}
	first := g.received[e.Producer].Add(e.Sequence)
	switch {
	case first && e.Redelivered:
		g.noteEarly(&e)
		return true
	case !first && e.Redelivered:
		g.redelivered++
		return true
	case !first && !g.wasEarly(&e):
		g.duplicated++
		return true
	case !first:
		g.redelivered++ // counts the copy that was recorded before
	}
	if e.Late {
		g.reordered++
	}
	return true
}

func (g *Group) noteEarly(e *Entry) {
	if g.early == nil {
		g.early = make(map[message]struct{})
	}
	if len(g.early) < maxEarly {
		g.early[message{e.Producer, e.Sequence}] = struct{}{}
	}
}

// wasEarly reports, once for each message, whether the copy that was recorded first was a marked
// one.
func (g *Group) wasEarly(e *Entry) bool {
	if len(g.early) == 0 {
		return false
	}
	m := message{e.Producer, e.Sequence}
	_, ok := g.early[m]
	delete(g.early, m)
	return ok
}

// Received returns how many different messages have arrived.
func (g *Group) Received() uint64 {
	var n uint64
	for i := range g.received {
		n += g.received[i].Len()
	}
	return n
}

// Redelivered returns how many messages came again and were marked.
func (g *Group) Redelivered() uint64 { return g.redelivered }

// of returns what has arrived of a producer.
func (g *Group) of(producer int) *Set {
	if producer < len(g.received) {
		return &g.received[producer]
	}
	return &Set{}
}

// account returns the account of a producer of the group.
func (g *Group) account(producer int) int {
	if g.accounts == nil {
		return producer
	}
	return int(g.accounts[producer])
}

// Expected returns how many messages of the accounts the group has to receive.
func (g *Group) Expected(accounts []Account) uint64 {
	var n uint64
	for i := range g.producers {
		if at := g.account(i); at < len(accounts) {
			n += accounts[at].Sent - accounts[at].rejected()
		}
	}
	return n
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
	last := o.last[priority]
	if int(producer) >= len(last) {
		last = slices.Grow(last, int(producer)+1-len(last))[:producer+1]
		o.last[priority] = last
	}
	if sequence <= last[producer] {
		return true
	}
	last[producer] = sequence
	return false
}
