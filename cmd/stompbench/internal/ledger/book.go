// Package ledger closes the books of a run: of every message that was sent it records whether it
// was confirmed and whether it arrived: once, twice, late, or never.
//
// A [Set] holds the sequence numbers of one producer that have been seen, in memory that does not
// grow with their number. A [Group] holds one Set for each producer and belongs to the consumers
// that share one copy of the stream: all competing consumers of a queue together, or one subscriber
// of a topic.
//
// A process's [Book] has what its producers sent and had confirmed, and a [Copy] of each group.
// Closing it gives a [Balance]. If several processes share a run, [Unite] makes one book of theirs, by
// set union, and it is closed like any other.
//
// The types of this package are not safe for concurrent use; their owners guard them. Closing and
// packing settle sets, so they count as writing. Recording allocates only while a window grows to
// its working size, and for messages that are lost.
//
// Imports: roaring64, for numbers that are missing.
package ledger

import (
	"cmp"
	"iter"
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

// Origin is a stream of any process, as its messages name it.
type Origin struct{ Part, Stream uint32 }

// Copy is the book of the consumers that share a copy of the streams to one destination.
type Copy struct {
	Destination uint32 // as in Stream; 0 if it receives what goes to any of them
	// Shared: consumers in other processes share this copy, too. Otherwise it belongs to one
	// subscriber, which has to receive everything.
	Shared bool
	// Left: its consumers had left before everything was sent. It is not in the packed form.
	Left bool

	Arrivals []*Arrival
	Repeats
}

// Arrival is what was received of one stream.
type Arrival struct {
	Origin
	Received Set
	// Marked are the numbers that only came marked as redelivered. Another consumer may have
	// received the first delivery.
	Marked roaring64.Bitmap
}

// streams yields all that was sent.
func (b *Book) streams() iter.Seq2[Origin, *Stream] {
	return func(yield func(Origin, *Stream) bool) {
		for _, p := range b.Sent {
			for k := range p.Streams {
				if !yield(Origin{p.Number, uint32(k)}, &p.Streams[k]) {
					return
				}
			}
		}
	}
}

// UnknownTo returns a part from which b has messages and that all does not know.
func (b *Book) UnknownTo(all *Book) (part uint32, found bool) {
	known := make(map[Origin]bool)
	for of := range all.streams() {
		known[of] = true
	}
	for _, c := range b.Received {
		for _, a := range c.Arrivals {
			if !known[a.Origin] {
				return a.Part, true
			}
		}
	}
	return 0, false
}

// Unite returns the book that contains everything that several books do. What they sent must be of
// different parts. The result shares memory with them.
func Unite(books []*Book) *Book {
	out := &Book{}
	shared := make(map[uint32]int) // by destination, its index in out
	for _, b := range books {
		out.Sent = append(out.Sent, b.Sent...)
		for _, c := range b.Received {
			if at, again := shared[c.Destination]; c.Shared && again {
				out.Received[at].join(&c)
				continue
			}
			if c.Shared {
				shared[c.Destination] = len(out.Received)
				c.Arrivals = slices.Clone(c.Arrivals)
			}
			out.Received = append(out.Received, c)
		}
	}
	return out
}

// join adds what other consumers of the same queue received in another place.
func (c *Copy) join(other *Copy) {
	c.Repeats.add(other.Repeats)
	c.Left = c.Left && other.Left
	at := make(map[Origin]int, len(c.Arrivals))
	for i, a := range c.Arrivals {
		at[a.Origin] = i
	}
	for _, a := range other.Arrivals {
		if i, ok := at[a.Origin]; ok {
			c.Arrivals[i] = c.both(c.Arrivals[i], a)
		} else {
			c.Arrivals = append(c.Arrivals, a)
		}
	}
}

// both unites what was received of one stream in two places. A message that was received in both is
// a duplicate, unless all its copies in one place were marked: then the other place has the first
// delivery. See Group.Record.
func (c *Copy) both(x, y *Arrival) *Arrival {
	out := &Arrival{Origin: x.Origin}
	twice := out.Received.union(&x.Received, &y.Received)
	// A marked one stays marked if the other place does not have it, or only marked as well.
	out.Marked = *roaring64.And(&x.Marked, &y.Marked)
	again := out.Marked.GetCardinality()
	for it := roaring64.Xor(&x.Marked, &y.Marked).Iterator(); it.HasNext(); {
		if n := it.Next(); x.Received.Has(n) && y.Received.Has(n) {
			again++
		} else {
			out.Marked.Add(n)
		}
	}
	c.Redelivered += again
	c.Duplicated += twice - again
	return out
}

// Close closes the books. For a copy of one destination, messages of other destinations are
// foreign, as are those of streams that the book does not know; foreign is their number.
func (b *Book) Close() (closed Balance, foreign uint64) {
	type sent struct {
		Origin
		*Account
	}
	var all []sent
	sentTo := make(map[uint32][]sent)
	for of, s := range b.streams() {
		closed.Sent += s.Sent
		closed.Confirmed += s.Confirmed.Len()
		closed.Rejected += s.rejected()
		all = append(all, sent{of, &s.Account})
		sentTo[s.Destination] = append(sentTo[s.Destination], sent{of, &s.Account})
	}
	for i := range b.Received {
		c := &b.Received[i]
		closed.Repeats.add(c.Repeats)
		arrived := make(map[Origin]*Set, len(c.Arrivals))
		for _, a := range c.Arrivals {
			arrived[a.Origin] = &a.Received
		}
		expected := [][]sent{all}
		if c.Destination != 0 {
			expected = [][]sent{sentTo[0], sentTo[c.Destination]}
		}
		nothing := &Set{}
		for _, s := range slices.Concat(expected...) {
			closed.receive(s.Account, cmp.Or(arrived[s.Origin], nothing), c.Left)
			delete(arrived, s.Origin)
		}
		for _, a := range arrived {
			foreign += a.Len()
		}
	}
	return closed, foreign
}
