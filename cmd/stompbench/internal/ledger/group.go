package ledger

// Entry is one arrival of one message.
type Entry struct {
	Producer uint32
	// Late says that the consumer has had a later message of this producer
	// before; see Order.
	Late     bool
	Sequence uint64
}

// Group is the book of those consumers that share one copy of the stream.
type Group struct {
	received   []Set // by producer
	duplicated uint64
	reordered  uint64
}

// NewGroup returns an empty book for the given number of producers.
func NewGroup(producers int) *Group { return &Group{received: make([]Set, producers)} }

// Record writes down an arrival. A message that the group has had is a duplicate;
// one that is new but late is reordered. It reports false, and writes nothing,
// for a producer or a sequence number that cannot be.
func (g *Group) Record(e Entry) bool {
	if int(e.Producer) >= len(g.received) || e.Sequence == 0 {
		return false
	}
	switch {
	case !g.received[e.Producer].Add(e.Sequence):
		g.duplicated++
	case e.Late:
		g.reordered++
	}
	return true
}

// Received returns how many different messages have arrived.
func (g *Group) Received() uint64 {
	var n uint64
	for i := range g.received {
		n += g.received[i].Len()
	}
	return n
}

// Order notices, for one consumer, messages that arrive after a later one of the
// same producer. Between the consumers of a queue there is no order to keep.
type Order struct{ last []uint64 }

// NewOrder returns an Order for the given number of producers.
func NewOrder(producers int) Order { return Order{last: make([]uint64, producers)} }

// Late reports whether sequence comes after a later one.
func (o *Order) Late(producer uint32, sequence uint64) bool {
	if int(producer) >= len(o.last) {
		return false
	}
	if sequence <= o.last[producer] {
		return true
	}
	o.last[producer] = sequence
	return false
}
