package ledger

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Random runs: several producers, groups of several consumers, losses, repeats
// and shuffling; the books must agree with the naive ones in every figure.
func TestBalanceAgainstModel(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 9))
		producers, groups, each := 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(3)
		accounts := make([]Account, producers)
		for p := range accounts {
			accounts[p] = randomAccount(r)
		}
		var want Balance
		for i := range accounts {
			want.Sent += accounts[i].Sent
			want.Rejected += accounts[i].rejected()
			want.Confirmed += accounts[i].Confirmed.Len()
		}
		books := make([]*Group, groups)
		for g := range books {
			books[g] = NewGroup(producers)
			playGroup(r, books[g], accounts, each, &want)
		}
		want.Expected = uint64(groups) * (want.Sent - want.Rejected)
		if got := closed(accounts, books...); got != want {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got, want)
		}
	}
}

// closed closes the books of groups that receive all streams.
func closed(accounts []Account, groups ...*Group) Balance {
	streams := make([]Stream, len(accounts))
	for i := range accounts {
		streams[i].Account = accounts[i]
	}
	b := &Book{Sent: []Part{{Streams: streams}}}
	for _, g := range groups {
		b.Received = append(b.Received, g.Copy(func(i int) Origin { return Origin{Stream: uint32(i)} }))
	}
	balance, _ := b.Close()
	return balance
}

func randomAccount(r *rand.Rand) Account {
	a := Account{Sent: r.Uint64N(500), Rejected: &Set{}}
	if r.IntN(3) == 0 {
		return a
	}
	a.Confirmed, a.Every = &Set{}, uint64(r.IntN(5))
	for n := uint64(1); n <= a.Sent/max(1, a.Every); n++ {
		switch k := r.IntN(100); {
		case k < 90:
			a.Confirmed.Add(n)
		case k < 92:
			a.Rejected.Add(n)
		}
	}
	return a
}

// has reports whether the receipts in a set have that of message n.
func (a *Account) has(receipts *Set, n uint64) bool {
	every := max(1, a.Every)
	return receipts != nil && n%every == 0 && receipts.Has(n/every)
}

func playGroup(r *rand.Rand, g *Group, accounts []Account, consumers int, want *Balance) {
	orders := make([]Order, consumers)
	last := make([]map[uint32]uint64, consumers)
	for c := range orders {
		orders[c] = NewOrder(len(accounts))
		last[c] = map[uint32]uint64{}
	}
	for p := range accounts {
		a := &accounts[p]
		times := map[uint64]int{}
		arrive := func(n uint64) {
			c, id := r.IntN(consumers), uint32(p)
			late := n <= last[c][id]
			last[c][id] = max(n, last[c][id])
			g.Record(Entry{Producer: id, Sequence: n, Late: orders[c].Late(id, 0, n)})
			switch {
			case times[n] > 0:
				want.Duplicated++
			case late:
				want.Reordered++
			}
			times[n]++
		}
		for n := uint64(1); n <= a.Sent; n++ {
			if r.IntN(10) > 0 {
				arrive(n)
			}
			if r.IntN(20) == 0 {
				arrive(1 + r.Uint64N(a.Sent))
			}
		}
		want.Received += uint64(len(times))
		for n := uint64(1); n <= a.Sent; n++ {
			if times[n] > 0 || a.has(a.Rejected, n) {
				continue
			}
			want.Lost++
			if a.has(a.Confirmed, n) {
				want.ConfirmedLost++
			}
		}
	}
}

func TestGroupRefusesTheImpossible(t *testing.T) {
	g := NewGroup(2)
	if g.Record(Entry{Producer: 2, Sequence: 1}) || g.Record(Entry{Producer: 0, Sequence: 0}) {
		t.Error("recorded a message that nobody can have sent")
	}
	if g.Received() != 0 {
		t.Errorf("%d received", g.Received())
	}
}

// Messages that were never sent do not make up for lost ones.
func TestBalanceAllLost(t *testing.T) {
	a := Account{Sent: 100, Confirmed: &Set{}}
	for n := uint64(1); n <= 60; n++ {
		a.Confirmed.Add(n)
	}
	b := closed([]Account{a}, NewGroup(1), NewGroup(1))
	if b.Lost != 200 || b.ConfirmedLost != 120 || b.Expected != 200 || b.Balanced() {
		t.Errorf("%+v", b)
	}
}

// A repeat that the broker owns up to is told apart from one that it does not.
func TestRedeliveredIsNoDuplicate(t *testing.T) {
	g := NewGroup(1)
	for _, e := range []Entry{
		{Sequence: 1}, {Sequence: 2}, {Sequence: 2, Redelivered: true, Late: true},
		{Sequence: 3, Redelivered: true}, // the first copy never came: this is it
		{Sequence: 1, Late: true},
	} {
		g.Record(e)
	}
	b := closed([]Account{{Sent: 3}}, g)
	if b.Received != 3 || b.Redelivered != 1 || b.Duplicated != 1 || b.Lost != 0 || b.Balanced() {
		t.Errorf("%+v", b)
	}
}

// With a receipt for every 10th message, only of those does the broker vouch.
func TestReceiptForEveryNth(t *testing.T) {
	a := Account{Sent: 105, Every: 10, Confirmed: &Set{}, Rejected: &Set{}}
	a.Rejected.Add(10) // message 100
	for n := uint64(1); n <= 9; n++ {
		if n != 4 {
			a.Confirmed.Add(n)
		}
	}
	g := NewGroup(1)
	missing := map[uint64]bool{20: true, 21: true, 40: true, 100: true, 105: true}
	for n := uint64(1); n <= a.Sent; n++ {
		if !missing[n] {
			g.Record(Entry{Sequence: n})
		}
	}
	b := closed([]Account{a}, g)
	if b.Confirmed != 8 || b.Lost != 4 || b.ConfirmedLost != 1 || b.Expected != 104 {
		t.Errorf("%+v", b)
	}
}

// A copy of one destination has to have the streams to it alone, also those that it never heard of.
func TestCopyOfOneDestination(t *testing.T) {
	sent := func(destination uint32, n uint64) Stream { return Stream{destination, Account{Sent: n}} }
	b := &Book{Sent: []Part{{Streams: []Stream{sent(1, 5), sent(2, 7), sent(1, 2), sent(2, 3)}}}}
	g := NewGroup(2)
	for n := uint64(1); n <= 3; n++ {
		g.Record(Entry{Producer: 0, Sequence: n})
	}
	if g.Record(Entry{Producer: 2, Sequence: 1}) {
		t.Error("a producer that the group does not have was recorded")
	}
	c := g.Copy(func(i int) Origin { return Origin{Stream: []uint32{3, 1}[i]} })
	c.Destination = 2
	b.Received = []Copy{c}
	if closed, _ := b.Close(); closed.Expected != 10 || closed.Received != 3 || closed.Lost != 7 {
		t.Errorf("%+v", closed)
	}
}

// Refusals are counted whatever their number. Those that are too many to be told from others, each between two that
// were not, make the worse case of what is missing.
func TestManyRejections(t *testing.T) {
	const sent = 3 << 20
	for _, every := range []uint64{1, 16} {
		a := Account{Sent: sent, Rejected: &Set{}}
		g := NewGroup(1)
		var missing uint64
		for n := uint64(1); n <= sent; n++ {
			switch {
			case n%every == 0:
				a.Rejected.Add(n)
			case n == sent/2+1:
				missing++
			default:
				g.Record(Entry{Sequence: n})
			}
		}
		b := closed([]Account{a}, g)
		if b.Rejected != sent/every || b.Expected != sent-sent/every {
			t.Errorf("every %d: %+v", every, b)
		}
		if b.Lost < missing || b.Lost > missing+b.Forgotten {
			t.Errorf("every %d: lost %d of %d, %d forgotten", every, b.Lost, missing, b.Forgotten)
		}
	}
}

// The lost messages are told one by one, and are as many as the balance says.
func TestLostMessagesAreTold(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 12))
		a, g, want := randomAccount(r), NewGroup(1), []uint64(nil)
		kept := 1 + r.Uint64N(100)
		for n := uint64(1); n <= a.Sent+r.Uint64N(3); n++ {
			switch {
			case r.Uint64N(100) < kept && n < a.Sent*kept/90:
				g.Record(Entry{Sequence: n})
			case n <= a.Sent && !a.has(a.Rejected, n):
				want = append(want, n)
			}
		}
		var got []uint64
		for run := range g.Lost(0, &a) {
			for n := run.First; n <= run.Last; n++ {
				got = append(got, n)
			}
		}
		if b := closed([]Account{a}, g); !slices.Equal(got, want) || b.Lost != uint64(len(want)) {
			t.Fatalf("seed %d: %d told, %d lost, want %d", seed, len(got), b.Lost, len(want))
		}
	}
}
