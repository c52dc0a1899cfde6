//go:build !race

package pacer_test

import (
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
)

func TestAllocNothing(t *testing.T) {
	now := clock(time.Now())
	p := pacer.New(now, pacer.Precise)
	s := pacer.NewSchedule(now(), pacer.Constant(1e6), 0, 1)
	k := uint64(0)
	ctx := t.Context()
	// In so many runs what the runtime itself allocates, a thread now and then, is none.
	allocs := testing.AllocsPerRun(25, func() {
		for range 1000 {
			if _, err := p.Wait(ctx, s.Due(k)); err != nil {
				t.Fatal(err)
			}
			k++
		}
		if _, err := p.Wait(ctx, now()+int64(12*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations in 1000 waits, want 0", allocs)
	}
}
