package ledger

import (
	"cmp"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
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

	Arrivals []*Arrival
	Repeats
}

// Arrival is what was received of one stream.
type Arrival struct {
	Part, Stream uint32
	Received     Set
	// Marked are the numbers that only came marked as redelivered. Another consumer may have
	// received the first delivery.
	Marked roaring64.Bitmap
}

// Copy returns the book of the group in a form that can leave the process. name returns the part
// and stream of a producer of the group. What was received is borrowed from the group.
func (g *Group) Copy(name func(producer int) (part, stream uint32)) Copy {
	c := Copy{Repeats: g.repeats}
	for i, a := range g.arrivals {
		if a != nil {
			a.Part, a.Stream = name(i)
			c.Arrivals = append(c.Arrivals, a)
		}
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
	c := Copy{Destination: a.Destination, Shared: true, Repeats: Repeats{
		a.Duplicated + b.Duplicated, a.Redelivered + b.Redelivered, a.Reordered + b.Reordered,
	}}
	arrivals := make(map[stream]*Arrival, len(a.Arrivals))
	for _, x := range a.Arrivals {
		arrivals[stream{x.Part, x.Stream}] = x
	}
	for _, y := range b.Arrivals {
		of := stream{y.Part, y.Stream}
		if x, ok := arrivals[of]; ok {
			y = c.both(x, y)
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
func (c *Copy) both(x, y *Arrival) *Arrival {
	out := &Arrival{Part: x.Part, Stream: x.Stream}
	twice := out.Received.union(&x.Received, &y.Received)
	// A marked one stays marked if the other place does not have it, or only marked as well.
	marked, all := roaring64.And(&x.Marked, &y.Marked), roaring64.Or(&x.Marked, &y.Marked)
	again := marked.GetCardinality()
	for it := all.Iterator(); it.HasNext(); {
		if n := it.Next(); marked.Contains(n) {
			continue
		} else if x.Received.Has(n) && y.Received.Has(n) {
			again++
		} else {
			marked.Add(n)
		}
	}
	out.Marked = *marked
	c.Redelivered += again
	c.Duplicated += twice - again
	return out
}

// Close closes the books. For a copy of one destination, messages of other destinations are
// foreign; foreign is their number.
func (b *Book) Close() (closed Balance, foreign uint64) {
	var accounts []Account
	at := make(map[stream]uint32)       // which account is that of a stream
	sentTo := make(map[uint32][]uint32) // which ones are those of a destination
	for _, p := range b.Sent {
		for k, s := range p.Streams {
			n := uint32(len(accounts))
			at[stream{p.Number, uint32(k)}] = n
			sentTo[s.Destination] = append(sentTo[s.Destination], n)
			accounts = append(accounts, s.Account)
		}
	}
	closed = Close(accounts, nil)
	for i := range b.Received {
		c := &b.Received[i]
		g := NewGroup(len(accounts))
		if c.Destination != 0 {
			g = NewGroupOf(slices.Concat(sentTo[0], sentTo[c.Destination]))
			slices.Sort(g.accounts)
		}
		foreign += g.fill(c, at)
		closed.add(g, accounts)
	}
	return closed, foreign
}

// fill makes an empty group that of a copy. It returns how many messages belong to no producer of
// the group.
func (g *Group) fill(c *Copy, at map[stream]uint32) (foreign uint64) {
	g.repeats = c.Repeats
	g.arrivals = make([]*Arrival, g.producers)
	for _, a := range c.Arrivals {
		account, ours := at[stream{a.Part, a.Stream}]
		producer := int(account)
		if ours && g.accounts != nil {
			producer, ours = slices.BinarySearch(g.accounts, account)
		}
		if ours && producer < g.producers {
			g.arrivals[producer] = a
		} else {
			foreign += a.Received.Len()
		}
	}
	return foreign
}
