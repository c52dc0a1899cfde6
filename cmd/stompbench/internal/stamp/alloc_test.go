//go:build !race

package stamp_test

import (
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

func TestAllocNothing(t *testing.T) {
	b := body(128)
	sum := stamp.PayloadSum(b)
	value := make([]byte, 0, stamp.HeaderSize+stamp.Size)
	var reader stamp.HeaderReader
	c := stamp.NewClock()
	s := example
	allocs := testing.AllocsPerRun(10, func() {
		for range 1000 {
			s.Sequence++
			s.Sent = c.Now()
			stamp.Write(b, &s, sum)
			bodySum := stamp.BodySum(b[:7])
			if stamp.Read(b, &s) != nil {
				t.Fatal("not read")
			}
			value = stamp.AppendHeader(value[:0], &s, bodySum, 7)
			if reader.Read(value, b[:7], &s) != nil {
				t.Fatal("header not read")
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations in 1000 messages, want 0", allocs)
	}
}
