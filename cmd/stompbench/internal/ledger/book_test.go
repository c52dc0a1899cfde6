package ledger

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// machine is one process of a run that several share.
type machine struct {
	part    Part
	queues  []*Group // by destination, those that it consumes
	readers []*Group // its own subscribers of each destination
}

// names says which stream of which part a producer of a group is.
func names(streams []Origin) func(int) Origin {
	return func(i int) Origin { return streams[i] }
}

// Whatever is sent, lost, repeated and marked, and whichever machines it comes to: the
// union of what they know is what one that saw everything knows.
func TestUnionAgainstOneThatSawAll(t *testing.T) {
	const machines, destinations = 3, 2
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		all := make([]machine, machines)
		var accounts []Stream
		var streams []Origin // of each account
		for i := range all {
			all[i].part.Number = uint32(i * 1000)
			for range r.IntN(4) {
				d := uint32(1 + len(accounts)%destinations)
				s := Stream{Destination: d, Account: randomAccount(r)}
				streams = append(streams, Origin{all[i].part.Number, uint32(len(all[i].part.Streams))})
				all[i].part.Streams = append(all[i].part.Streams, s)
				accounts = append(accounts, s)
			}
			for range destinations {
				all[i].queues = append(all[i].queues, NewGroup(len(accounts)+12))
				all[i].readers = append(all[i].readers, NewGroup(len(accounts)+12))
			}
		}
		whole := &Book{Sent: []Part{{Streams: accounts}}}
		play := func(d uint32, machine func(k int) *Group) {
			saw := play(r, accounts, d+1, machine).Copy(func(i int) Origin { return Origin{Stream: uint32(i)} })
			saw.Destination = d + 1
			whole.Received = append(whole.Received, saw)
		}
		for d := range uint32(destinations) {
			play(d, func(k int) *Group { return all[k].queues[d] })
			for k := range all {
				play(d, func(int) *Group { return all[k].readers[d] })
			}
		}
		var books []*Book
		for i := range all {
			b := &Book{Sent: []Part{all[i].part}}
			for d := range uint32(destinations) {
				queue, reader := all[i].queues[d].Copy(names(streams)), all[i].readers[d].Copy(names(streams))
				queue.Destination, queue.Shared, reader.Destination = d+1, true, d+1
				b.Received = append(b.Received, queue, reader)
			}
			books = append(books, repack(t, b))
		}
		want, _ := whole.Close()
		for name, united := range map[string]*Book{
			"at once":     Unite(books),
			"in turns":    repack(t, Unite([]*Book{repack(t, Unite(books[:2])), books[2]})),
			"another way": Unite([]*Book{books[2], Unite([]*Book{books[1], books[0]})}),
		} {
			got, foreign := united.Close()
			if got != want || foreign != 0 {
				t.Fatalf("seed %d, %s:\n got %+v\nwant %+v", seed, name, got, want)
			}
			if part, found := united.UnknownTo(united); found {
				t.Fatalf("seed %d, %s: part %d is unknown", seed, name, part)
			}
		}
	}
}

// play has messages to a destination arrive at a group that sees all of them, and at one of those of
// the machines.
func play(r *rand.Rand, accounts []Stream, destination uint32, machine func(k int) *Group) (whole *Group) {
	whole = NewGroup(len(accounts))
	for i := range accounts {
		if accounts[i].Destination != destination {
			continue
		}
		for n := uint64(1); n <= accounts[i].Sent; n++ {
			copies := 1
			switch k := r.IntN(100); {
			case k < 10:
				copies = 0
			case k < 25:
				copies = 2 + r.IntN(2)
			}
			for range copies {
				// Which of several copies is late is for their consumers to say.
				e := Entry{Producer: uint32(i), Sequence: n, Redelivered: r.IntN(3) == 0, Late: copies == 1 && r.IntN(10) == 0}
				whole.Record(e)
				machine(r.IntN(3)).Record(e)
			}
		}
	}
	return whole
}

func repack(t *testing.T, b *Book) *Book {
	t.Helper()
	packed, err := b.Pack()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// one is a book of one part with one stream, that one group received.
func one(shared bool, receive ...uint64) *Book {
	g := NewGroup(1)
	for _, n := range receive {
		g.Record(Entry{Sequence: n})
	}
	c := g.Copy(func(int) Origin { return Origin{7, 0} })
	c.Shared = shared
	confirmed := &Set{}
	confirmed.Add(1)
	return &Book{
		Sent:     []Part{{Number: 7, Streams: []Stream{{Account: Account{Sent: 3, Confirmed: confirmed, Rejected: setOf(2, 3)}}}}},
		Received: []Copy{c},
	}
}

// A Book reports messages of a sender whose book is missing, and messages that were sent to another
// destination.
func TestBookOfOthers(t *testing.T) {
	b := one(true, 1)
	if _, found := b.UnknownTo(b); found {
		t.Error("the part is there")
	}
	b.Sent[0].Number = 8
	if part, found := b.UnknownTo(b); !found || part != 7 {
		t.Errorf("%d, %v", part, found)
	}
	b = one(true, 1, 2)
	b.Sent[0].Streams[0].Destination, b.Received[0].Destination = 1, 2
	if closed, foreign := b.Close(); foreign != 2 || closed.Received != 0 || closed.Expected != 0 {
		t.Errorf("%d foreign, %+v", foreign, closed)
	}
}

// A queue that two machines empty in turns takes a bit a message or less.
func TestBookIsCompact(t *testing.T) {
	const n = 300_000
	odd, even, shuffled, rest := NewGroup(1), NewGroup(1), NewGroup(1), NewGroup(1)
	r := rand.New(rand.NewPCG(1, 2))
	for i := uint64(1); i <= n; i++ {
		to, random := odd, shuffled
		if i%2 == 0 {
			to = even
		}
		if r.IntN(2) == 0 {
			random = rest
		}
		to.Record(Entry{Sequence: i})
		random.Record(Entry{Sequence: i})
	}
	sender := Part{Streams: []Stream{{Account: Account{Sent: n}}}}
	for name, c := range map[string]struct {
		groups []*Group
		most   int
	}{"in turns": {[]*Group{odd, even}, n / 500}, "at random": {[]*Group{shuffled, rest}, n / 5}} {
		books := []*Book{{Sent: []Part{sender}}}
		for _, g := range c.groups {
			of := g.Copy(func(int) Origin { return Origin{} })
			of.Shared = true
			b := &Book{Received: []Copy{of}}
			packed, err := b.Pack()
			if err != nil || len(packed) > c.most {
				t.Errorf("%s: %v, %d bytes, want %d at most", name, err, len(packed), c.most)
			}
			t.Logf("%s: %.4f bytes a message", name, float64(len(packed))/n)
			books = append(books, repack(t, b))
		}
		if b, _ := Unite(books).Close(); b.Received != n || b.Lost+b.Duplicated != 0 {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

// A book that had to forget is not kept: what is in it is not known.
func TestBookThatForgot(t *testing.T) {
	b := one(true, 1, 2)
	b.Received[0].Arrivals[0].Received.forgotten = 1
	if _, err := b.Pack(); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// Nothing that is read from a file makes Unpack panic, and no byte of it changes
// unnoticed.
func TestDamagedBook(t *testing.T) {
	packed, err := one(true, 1, 3).Pack()
	if err != nil {
		t.Fatal(err)
	}
	for i := range packed {
		if _, err := Unpack(packed[:i]); err == nil {
			t.Errorf("%d of %d bytes are taken", i, len(packed))
		}
		spoiled := slices.Clone(packed)
		spoiled[i] ^= 0x10
		if back, err := Unpack(spoiled); err == nil {
			again, err := back.Pack()
			if err != nil || !slices.Equal(again, packed) {
				t.Errorf("byte %d changes unnoticed", i)
			}
		}
	}
}

// The form of a book is the documented one.
func TestFormOfABook(t *testing.T) {
	text := packed(t, 1,
		1, 7, 1, // a part: number 7, a stream
		2, 300, 3, 90, 0, 100, 90, 0, 0, // to 2: 300 sent, receipts 1 to 90 confirmed, 91 to 100 rejected
		1, 2, 1, 1, 1, 0, 1, // a shared copy of 2, 1 duplicated, 1 redelivered, an arrival
		7, 0, 9, 1, 1, 2, 2, 0, // of stream 0: 1 to 9 without 2, 5 and 6
		1, 8, 0, // 9 was marked
	)
	b, err := Unpack(text)
	if err != nil {
		t.Fatal(err)
	}
	want := Balance{
		Sent: 300, Confirmed: 90, Rejected: 10, Received: 6, Expected: 290, Lost: 284, ConfirmedLost: 88, Repeats: Repeats{Duplicated: 1, Redelivered: 1},
	}
	if got, foreign := b.Close(); got != want || foreign != 0 {
		t.Errorf("%d foreign\n got %+v\nwant %+v", foreign, got, want)
	}
	if again, err := b.Pack(); err != nil || !slices.Equal(again, text) {
		t.Error("it is written in another way", err)
	}
}

func FuzzUnpack(f *testing.F) {
	for _, b := range []*Book{{}, one(true, 1), one(false, 1, 2, 3, 9)} {
		packed, err := b.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		b, err := Unpack(packed)
		if err != nil {
			return
		}
		_, _ = b.Close()
		_, _ = b.UnknownTo(b)
		if back := repack(t, b); len(back.Sent) != len(b.Sent) || len(back.Received) != len(b.Received) {
			t.Error("it changed")
		}
	})
}
