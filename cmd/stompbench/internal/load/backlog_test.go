package load_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// A backlog that lasts from one look to the next is seen, though it is gone when the
// second is over.
func TestMaxBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, held = 1000, 400
		var kept [][]byte
		b := &fakeBroker{deliver: func(i int, body []byte, next func([]byte)) {
			if kept = append(kept, body); i == held {
				time.Sleep(20 * time.Millisecond)
			}
			if i >= held {
				for _, body := range kept {
					next(body)
				}
				kept = nil
			}
		}}
		var shown uint64
		r, err := load.Run(t.Context(), load.Options{
			Plan:     plan(t, n, func(p *workload.Plan) { p.Window = 0 }),
			Dialer:   b,
			OnSample: func(s *load.Sample) { shown = max(shown, s.Backlog) },
		})
		if err != nil {
			t.Fatal(err)
		}
		// The message that is held up counts as sent when Send returns.
		if r.MaxBacklog != held-1 {
			t.Errorf("at most %d behind, want %d", r.MaxBacklog, held-1)
		}
		if shown > r.MaxBacklog || r.Books.Received != n {
			t.Errorf("%d shown, %d received", shown, r.Books.Received)
		}
	})
}
