package load_test

import (
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/conn"
)

// The count stays exact when a broker refuses more messages than a report could list: refused
// messages are not expected.
func TestManyRejected(t *testing.T) {
	const n = 150_000
	for name, refused := range map[string]func(n int) bool{
		"all":         func(int) bool { return true },
		"every other": func(n int) bool { return n%2 == 0 },
		"the first":   func(n int) bool { return n <= 1<<16+1 },
		"all but one": func(m int) bool { return m != n/2 },
	} {
		t.Run(name, func(t *testing.T) {
			taken := 0
			b := &fakeBroker{
				outcome: func(n int) conn.OutcomeStatus {
					if refused(n) {
						return conn.Rejected
					}
					return conn.Confirmed
				},
				deliver: func(n int, body []byte, next func([]byte)) {
					if !refused(n) {
						taken++
						next(body)
					}
				},
			}
			r := run(t, b, plan(t, n, func(*workload.Plan) {}))
			want := counts{sent: n, confirmed: uint64(taken), received: uint64(taken)}
			if got := countsOf(r); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if r.Books.Rejected != n-uint64(taken) || r.Books.Expected != uint64(taken) || r.Unknown != 0 {
				t.Errorf("%d rejected, %d expected, %d unknown", r.Books.Rejected, r.Books.Expected, r.Unknown)
			}
		})
	}
}
