package load

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

func TestGateHoldsTheWindow(t *testing.T) {
	for _, window := range []int{1, 2, 3, 7, 1000} {
		g := newGate(window, stamp.NewClock().Now, new(int64))
		var inside, most atomic.Int64
		tokens := make(chan struct{}, window)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range tokens {
				inside.Add(-1) // before leave, so that inside never counts too many
				g.leave()
			}
		}()
		for range 20 * window {
			if err := g.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			tokens <- struct{}{}
		}
		close(tokens)
		<-done
		if most.Load() > int64(window) {
			t.Errorf("window %d: %d were inside", window, most.Load())
		}
	}
}

// The last receipts open the gate even if they come one at a time, much later.
func TestGateOpensLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waited int64
		g := newGate(8, stamp.NewClock().Now, &waited)
		for range 8 {
			if err := g.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			for range 2 {
				time.Sleep(time.Second)
				g.leave()
			}
		}()
		start := time.Now()
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("a window of 8 opened after %v, want a quarter of it", took)
		}
		if waited != int64(2*time.Second) {
			t.Errorf("waited %v, want 2s", time.Duration(waited))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 10 {
			if err := g.enter(ctx); err != nil {
				return
			}
		}
		t.Error("a full gate admitted a worker")
	})
}
