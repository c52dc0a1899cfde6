package ledger

// Entry is one arrival of one message.
type Entry struct {
	Producer uint32 // as the group counts them
	// Late: the consumer has received a later message of this producer before; see Order.
	Late bool
	// Redelivered: the broker marked it as delivered before.
	Redelivered bool
	Sequence    uint64
}

// Repeats counts messages of a group that came again, marked or not, and those that came late.
type Repeats struct{ Duplicated, Redelivered, Reordered uint64 }

// Group is the book of the consumers that share one copy of one or several streams.
type Group struct {
	arrivals  []*Arrival // by producer; nil before the first
	producers int
	accounts  []uint32 // which account each producer is; nil if in the same order
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

// of returns what has arrived of a producer.
func (g *Group) of(producer int) *Set {
	if producer < len(g.arrivals) && g.arrivals[producer] != nil {
		return &g.arrivals[producer].Received
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
