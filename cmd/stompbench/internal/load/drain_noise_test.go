package load_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// What comes on and on, and is none of what is missing, does not keep the run waiting.
func TestDrainThroughNoise(t *testing.T) {
	const n, patience = 4, 5 * time.Second
	for name, noise := range map[string]func(lost, other []byte) []byte{
		"of others": func(_, _ []byte) []byte { return []byte("not of stompbench at all") },
		"repeats":   func(_, other []byte) []byte { return other },
		"damaged": func(lost, _ []byte) []byte {
			damaged := slices.Clone(lost)
			damaged[len(damaged)-1] ^= 1
			return damaged
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{})
				defer close(over)
				b := &fakeBroker{}
				var other []byte
				b.deliver = func(n int, body []byte, next func([]byte)) {
					if n > 1 { // the first is lost, unless what is damaged is taken for it
						other = body
						next(body)
						return
					}
					go func() {
						tick := time.NewTicker(time.Second)
						defer tick.Stop()
						for range 600 {
							select {
							case <-tick.C:
								b.mu.Lock()
								next(noise(body, other))
								b.mu.Unlock()
							case <-over:
								return
							}
						}
					}()
				}
				p := plan(t, n, func(p *workload.Plan) { p.DrainTimeout = patience })
				began := time.Now()
				if _, err := load.Run(t.Context(), load.Options{Plan: p, Dialer: b}); err != nil {
					t.Fatal(err)
				}
				if took, most := time.Since(began), 2*patience; took > most {
					t.Errorf("took %v, more than %v", took, most)
				}
			})
		})
	}
}

// Messages that come one by one, each before the patience has ended, are not waited for without end.
func TestDrainHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBroker{deliverAfter: func(n int) time.Duration { return time.Duration(n) * 4 * time.Second }}
		p := plan(t, 30, func(p *workload.Plan) { p.DrainTimeout, p.DrainLimit = 5*time.Second, time.Minute })
		began := time.Now()
		r, err := load.Run(t.Context(), load.Options{Plan: p, Dialer: b})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < time.Minute || took > time.Minute+5*time.Second {
			t.Errorf("took %v", took)
		}
		if !r.DrainCut || r.Books.Lost < 14 || r.Books.Lost > 16 {
			t.Errorf("lost %d", r.Books.Lost)
		}
		time.Sleep(time.Hour) // for what still comes
	})
}
