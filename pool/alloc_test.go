//go:build !race && !pooldebug

package pool_test

import (
	"testing"

	"github.com/stompwire/stompwire/internal/alloctest"
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
	if n := alloctest.Least(10, round); n != 0 {
		t.Fatalf("%v allocations in 6000 rounds of mixed sizes, want 0", n)
	}
}
