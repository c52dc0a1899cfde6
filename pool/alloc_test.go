//go:build !race && !pooldebug

package pool_test

import (
	"math"
	"testing"

	"github.com/stompwire/stompwire/pool"
)

func TestAllocGetRelease(t *testing.T) {
	sizes := []int{100, 3000, 60000, 100, 500000, 100}
	round := func() {
		for range 1000 {
			for _, size := range sizes {
				b := pool.Get(size)
				b.B = append(b.B, "some bytes"...)
				b.Grow(size)
				b.Release()
			}
		}
	}
	for range 50 { // bytebufferpool calibrates a pool after 42,000 Puts, and then drops what it thinks too large
		round()
	}
	// The count is of the whole process, and the collector may empty the pools. What Get allocates is in every run.
	least := math.Inf(1)
	for try := 0; try < 10 && least > 0; try++ {
		least = min(least, testing.AllocsPerRun(10, round))
	}
	if least != 0 {
		t.Fatalf("%v allocations in 6000 rounds of mixed sizes, want 0", least)
	}
}
