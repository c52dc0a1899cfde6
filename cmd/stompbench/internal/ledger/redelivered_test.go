package ledger

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Copies of a message that different consumers have are written down in any order,
// and that changes nothing: of all of them one is the message, as many as are marked
// are redelivered, and the others are duplicates.
func TestCopiesInAnyOrder(t *testing.T) {
	for marked := range 4 {
		for silent := range 4 {
			if marked+silent == 0 {
				continue
			}
			want := Balance{Sent: 1, Expected: 1, Received: 1, Repeats: Repeats{Redelivered: uint64(marked), Duplicated: uint64(max(0, silent-1))}}
			if silent == 0 {
				want.Redelivered-- // the first copy never came: this is it
			}
			rnd := rand.New(rand.NewPCG(uint64(marked), uint64(silent)))
			for range 20 {
				copies := slices.Concat(slices.Repeat([]bool{true}, marked), slices.Repeat([]bool{false}, silent))
				rnd.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
				g := NewGroup(1)
				for _, redelivered := range copies {
					g.Record(Entry{Sequence: 1, Redelivered: redelivered, Late: redelivered})
				}
				if got := closed([]Account{{Sent: 1}}, g); got != want {
					t.Errorf("%v:\n got %+v\nwant %+v", copies, got, want)
				}
			}
		}
	}
}

// A message that comes after a later one of its own priority is late.
func TestOrderIsWithinAPriority(t *testing.T) {
	o := NewOrder(2)
	for i, c := range []struct {
		producer uint32
		priority uint8
		sequence uint64
		late     bool
	}{
		{0, 9, 2, false}, {0, 0, 1, false}, {0, 9, 4, false}, {0, 0, 3, false}, {0, 9, 3, true}, {0, 0, 2, true},
		{1, 9, 1, false}, {1, 9, 1, true}, {2, 0, 1, false}, {0, 10, 1, false},
	} {
		if got := o.Late(c.producer, c.priority, c.sequence); got != c.late {
			t.Errorf("arrival %d, %+v: %v", i, c, got)
		}
	}
}

// What is remembered of marked copies is bounded, however many come without the one
// before, and what is beyond that counts as the worse case.
func TestMarkedCopiesAreBounded(t *testing.T) {
	const n = maxMarked + 10
	g := NewGroup(1)
	for i := range uint64(n) {
		g.Record(Entry{Sequence: i + 1, Redelivered: true})
	}
	if g.marked != maxMarked {
		t.Errorf("%d are remembered, want %d", g.marked, maxMarked)
	}
	for i := range uint64(n) {
		g.Record(Entry{Sequence: i + 1})
	}
	b := closed([]Account{{Sent: n}}, g)
	if b.Redelivered != maxMarked || b.Duplicated != 10 || b.Received != n || g.marked != 0 {
		t.Errorf("%+v, %d still remembered", b, g.marked)
	}
}
