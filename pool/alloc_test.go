//go:build !race

package pool_test

import (
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
	round()
	if n := testing.AllocsPerRun(10, round); n != 0 {
		t.Fatalf("%v allocations in 6000 rounds of mixed sizes, want 0", n)
	}
}
