package ledger

import (
	"cmp"
	"maps"
	"slices"
)

// Book is one process's record, in a form that can leave the process: what it sent, and what it
// received from which process. Books of the same run can be united.
type Book struct {
	Sent     []Part
	Received []Copy
}

// Part is what one process sent. Its streams are counted from 0, as messages name them.
type Part struct {
	Number  uint32
	Streams []Stream
}

// Stream is the account of what one producer sent to one destination.
type Stream struct {
	// Destination is the number of the destination, 0 if there is only one.
	Destination uint32
	Account
}

// Copy is the book of the consumers that share a copy of the streams to one destination.
type Copy struct {
	Destination uint32 // as in Stream; 0 if it receives what goes to any of them
	// Shared: consumers in other processes share this copy, too. Otherwise it belongs to one
	// subscriber, which has to receive everything.
	Shared bool

	Arrivals                           []Arrival
	Duplicated, Redelivered, Reordered uint64
}

// Arrival is what was received of one stream.
type Arrival struct {
	Part, Stream uint32
	Received     *Set
	// Marked are the numbers that only came marked as redelivered, in ascending order. Another
	// process may have received the first delivery.
	Marked []uint64
}

// Copy returns the book of the group in a form that can leave the process. name returns the part
// and stream of a producer of the group. What was received is borrowed from the group.
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

// Forgotten returns how many messages the book has lost track of. If it is not 0, it is not known
// which of them arrived, and Unite cannot make up for it.
func (b *Book) Forgotten() (n uint64) {
	for i := range b.Received {
		for _, a := range b.Received[i].Arrivals {
			n += a.Received.Forgotten()
		}
	}
	return n
}

// UnknownTo returns a part from which b has messages and that all does not know.
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

// Unite returns the book that contains everything that several books do. What they sent must be of
// different parts. The result shares memory with them.
func Unite(books []*Book) *Book {
	out := &Book{}
	shared := make(map[uint32]int) // by destination, its index in out
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

// both unites what was received of one stream in two places. A message that was received in both is
// a duplicate, unless all its copies in one place were marked: then the other place has the first
// delivery. See Group.Record.
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
			case other == y: // visit each pair once
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

// Close closes the books. For a copy of one destination, messages of other destinations are
// foreign; foreign is their number.
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

// group returns the group of the copy for those accounts, and how many messages belong to none of
// them.
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
