//go:build !race

package histo_test

import (
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

func TestAllocNothing(t *testing.T) {
	rec, total := histo.NewRecorder(), histo.New()
	batch := make([]int64, 100)
	allocs := testing.AllocsPerRun(10, func() {
		for range 10 {
			rec.Record(batch...)
		}
		rec.Drain(total)
	})
	// Merging walks with an iterator of the library; recording costs nothing.
	recordOnly := testing.AllocsPerRun(10, func() {
		for range 1000 {
			rec.Record(batch...)
		}
	})
	if recordOnly != 0 || allocs > 1 {
		t.Errorf("%v allocations recording (want 0), %v with a merge (want ≤ 1)", recordOnly, allocs)
	}
}
