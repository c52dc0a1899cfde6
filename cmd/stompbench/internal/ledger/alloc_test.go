//go:build !race

package ledger

import "testing"

func TestAllocNothing(t *testing.T) {
	g := NewGroup(2)
	o := NewOrder(2)
	n := uint64(0)
	record := func() {
		for range 1000 {
			n++
			// Nearly in order, with a repeat and a loss now and then.
			at := n ^ 3
			if n%100 == 0 {
				at = n - 50
			}
			g.Record(Entry{Producer: uint32(n & 1), Sequence: at, Late: o.Late(uint32(n&1), 0, at)})
		}
	}
	for range 50 {
		record() // until the window has its working size
	}
	// A loss per hundred messages keeps the window growing for 2^20 of them, by
	// doubling: 0 on average, and no more than that.
	if allocs := testing.AllocsPerRun(100, record); allocs != 0 {
		t.Errorf("%v allocations in 1000 messages, want 0", allocs)
	}
}
