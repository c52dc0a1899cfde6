//go:build !race

package stamp_test

import (
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

func TestAllocNothing(t *testing.T) {
	b := body(128)
	sum := stamp.PayloadSum(b)
	c := stamp.NewClock()
	s := example
	allocs := testing.AllocsPerRun(10, func() {
		for range 1000 {
			s.Sequence++
			s.Sent = c.Now()
			stamp.Write(b, &s, sum)
			if stamp.Read(b, &s) != nil {
				t.Fatal("not read")
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations in 1000 messages, want 0", allocs)
	}
}
