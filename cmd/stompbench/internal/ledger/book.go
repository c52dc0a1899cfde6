package ledger

import (
	"cmp"
	"maps"
	"slices"
)

// Book is what one process knows, in a form that can leave it: what it sent, and what
// it received of whoever sent that. Books of the same run unite to one that knows both.
type Book struct {
	Sent     []Part
	Received []Copy
}

// Part is what one process sent. Its streams are counted from 0, as messages say.
type Part struct {
	Number  uint32
	Streams []Stream
}

// Stream is the account of what one producer sent to one destination.
type Stream struct {
	// Destination is the number of the destination, 0 if there is but one.
	Destination uint32
	Account
}

// Copy is the book of those who share a copy of the streams to one destination.
type Copy struct {
	Destination uint32 // as in Stream; 0 if what goes to any of them comes
	// Shared says that consumers elsewhere share this copy as well. Otherwise it is
	// that of one subscriber, who is to get everything.
	Shared bool

	Arrivals                           []Arrival
	Duplicated, Redelivered, Reordered uint64
}

// Arrival is what came of one stream.
type Arrival struct {
	Part, Stream uint32
	Received     *Set
	// Marked are those that came as redelivered only, in ascending order: what was
	// delivered before, somebody else may have.
	Marked []uint64
}

// Copy returns the book of the group in a form that can leave the process. name says
// which part and stream a producer of the group is. What was received is borrowed from
// the group.
func (g *Group) Copy(name func(producer int) (part, stream uint32)) Copy {
	c := Copy{Duplicated: g.duplicated, Redelivered: g.redelivered, Reordered: g.reordered}
	marked := make(map[uint32][]uint64)
	for m := range g.early {
		marked[m.producer] = append(marked[m.producer], m.sequence)
	}
	for i := range g.received {
		if g.received[i].Len() == 0 {
			continue
		}
		a := Arrival{Received: &g.received[i], Marked: marked[uint32(i)]}
		a.Part, a.Stream = name(i)
		slices.Sort(a.Marked)
		c.Arrivals = append(c.Arrivals, a)
	}
	return c
}

// Forgotten returns how many messages the book has had to stop watching. If it is not
// 0, which of them came is not known, and nobody can make up for it.
func (b *Book) Forgotten() (n uint64) {
	for i := range b.Received {
		for _, a := range b.Received[i].Arrivals {
			n += a.Received.Forgotten()
		}
	}
	return n
}

// UnknownTo returns a part that messages of b came from and that all does not know of.
func (b *Book) UnknownTo(all *Book) (part uint32, found bool) {
	streams := all.streams()
	for i := range b.Received {
		for _, a := range b.Received[i].Arrivals {
			if int(a.Stream) >= streams[a.Part] {
				return a.Part, true
			}
		}
	}
	return 0, false
}

// streams is how many each part has.
func (b *Book) streams() map[uint32]int {
	n := make(map[uint32]int, len(b.Sent))
	for i := range b.Sent {
		n[b.Sent[i].Number] = len(b.Sent[i].Streams)
	}
	return n
}

// Unite returns the book that knows what each of several does. What they sent must be
// of different parts. The result shares memory with them.
func Unite(books []*Book) *Book {
	out := &Book{}
	shared := make(map[uint32]int) // by destination, where it is in out
	for _, b := range books {
		out.Sent = append(out.Sent, b.Sent...)
		for i := range b.Received {
			c := b.Received[i]
			at, again := shared[c.Destination]
			switch {
			case c.Shared && again:
				out.Received[at] = bothOf(&out.Received[at], &c)
				continue
			case c.Shared:
				shared[c.Destination] = len(out.Received)
			}
			out.Received = append(out.Received, c)
		}
	}
	return out
}

// stream is a stream of any part.
type stream struct{ part, number uint32 }

// bothOf unites what consumers of one queue received in two places.
func bothOf(a, b *Copy) Copy {
	c := Copy{
		Destination: a.Destination, Shared: true,
		Duplicated: a.Duplicated + b.Duplicated, Redelivered: a.Redelivered + b.Redelivered, Reordered: a.Reordered + b.Reordered,
	}
	arrivals := make(map[stream]Arrival, len(a.Arrivals))
	for _, x := range a.Arrivals {
		arrivals[stream{x.Part, x.Stream}] = x
	}
	for _, y := range b.Arrivals {
		of := stream{y.Part, y.Stream}
		if x, ok := arrivals[of]; ok {
			y = c.both(&x, &y)
		}
		arrivals[of] = y
	}
	order := slices.SortedFunc(maps.Keys(arrivals), func(a, b stream) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.number, b.number))
	})
	for _, of := range order {
		c.Arrivals = append(c.Arrivals, arrivals[of])
	}
	return c
}

// both unites what came of one stream in two places. A message that came in both has
// come again: a duplicate, unless in one of them all copies were marked, so that the
// one that was delivered before is the other's. See Group.Record.
func (c *Copy) both(x, y *Arrival) Arrival {
	sum, twice := union(x.Received, y.Received)
	out := Arrival{Part: x.Part, Stream: x.Stream, Received: sum}
	again := uint64(0)
	note := func(marked []uint64, other *Arrival) {
		for _, n := range marked {
			_, there := slices.BinarySearch(other.Marked, n)
			switch {
			case !other.Received.Has(n):
				out.Marked = append(out.Marked, n)
			case !there:
				again++
			case other == y: // once, not from both sides
				again++
				out.Marked = append(out.Marked, n)
			}
		}
	}
	note(x.Marked, y)
	note(y.Marked, x)
	slices.Sort(out.Marked)
	c.Redelivered += again
	c.Duplicated += twice - again
	return out
}

// Close closes the books. Of a copy that is for one destination, messages of other
// ones are foreign: how many there were is told besides.
func (b *Book) Close() (closed Balance, foreign uint64) {
	var (
		accounts []Account
		every    []uint32                    // those of all streams
		at       = make(map[stream]uint32)   // which account is that of a stream
		sentTo   = make(map[uint32][]uint32) // which ones are those of a destination
	)
	for i := range b.Sent {
		for k := range b.Sent[i].Streams {
			s, n := &b.Sent[i].Streams[k], uint32(len(accounts))
			at[stream{b.Sent[i].Number, uint32(k)}] = n
			sentTo[s.Destination] = append(sentTo[s.Destination], n)
			every = append(every, n)
			accounts = append(accounts, s.Account)
		}
	}
	groups := make([]*Group, len(b.Received))
	for i := range b.Received {
		c := &b.Received[i]
		of := every
		if c.Destination != 0 {
			of = slices.Concat(sentTo[c.Destination], sentTo[0])
		}
		g, others := c.group(of, at)
		groups[i] = g
		foreign += others
	}
	return Close(accounts, groups), foreign
}

// group returns the group that the copy is of, if it is for those accounts, and how
// many messages came that were none of theirs.
func (c *Copy) group(accounts []uint32, at map[stream]uint32) (g *Group, foreign uint64) {
	g = NewGroupOf(accounts)
	g.duplicated, g.redelivered, g.reordered = c.Duplicated, c.Redelivered, c.Reordered
	g.received = make([]Set, len(accounts))
	place := make(map[uint32]int, len(accounts)) // of an account in the group
	for i, n := range accounts {
		place[n] = i
	}
	for _, a := range c.Arrivals {
		account, known := at[stream{a.Part, a.Stream}]
		if i, ours := place[account]; known && ours {
			g.received[i] = *a.Received
		} else {
			foreign += a.Received.Len()
		}
	}
	return g, foreign
}
