package broker

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// A line gives out what waits in the order of seq, whatever comes back to it when.
func TestLineAgainstSlice(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var l line
	var waiting, taken []*message
	seq := uint64(0)
	for step := range 50000 {
		switch k := rnd.IntN(10); {
		case k < 3:
			seq++
			m := &message{seq: seq}
			l.add(m)
			waiting = append(waiting, m)
		case k < 6 && len(waiting) > 0:
			if got := l.first(); got != waiting[0] {
				t.Fatalf("step %d: the first is %d, want %d", step, got.seq, waiting[0].seq)
			}
			m := l.take()
			if m != waiting[0] {
				t.Fatalf("step %d: took %d, want %d", step, m.seq, waiting[0].seq)
			}
			waiting = waiting[1:]
			taken = append(taken, m)
		case k < 9 && len(taken) > 0:
			i := rnd.IntN(len(taken))
			m := taken[i]
			taken = slices.Delete(taken, i, i+1)
			l.giveBack(m)
			place, _ := slices.BinarySearchFunc(waiting, m, func(a, b *message) int { return cmp.Compare(a.seq, b.seq) })
			waiting = slices.Insert(waiting, place, m)
		case k == 9 && rnd.IntN(50) == 0: // for good
			taken = nil
		}
		if l.len() != len(waiting) {
			t.Fatalf("step %d: length %d, want %d", step, l.len(), len(waiting))
		}
	}
}
