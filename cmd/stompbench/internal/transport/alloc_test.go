//go:build !race

package transport_test

import (
	"net"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/sink"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// A message costs no allocation, whichever way it is confirmed. Of a transaction BEGIN and
// COMMIT do.
func TestSendersAllocateNothing(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := sink.On(ln)
	defer to.Close()
	p := &workload.Plan{Versions: frame.AllVersions, ConnectTimeout: time.Minute, DrainTimeout: time.Minute}
	if p.Broker, err = uri.Parse(to.Addr()); err != nil {
		t.Fatal(err)
	}
	d, err := transport.NewSTOMP(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := d.Dial(t.Context(), transport.Connection{}, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const n, perFlush = 10_000, 3
	for name, c := range map[string]struct {
		window, every, transaction int
		most                       float64
	}{
		"plain":       {-1, 1, 0, perFlush},
		"confirmed":   {1000, 1, 0, perFlush},
		"every tenth": {1000, 10, 0, perFlush},
		"transaction": {-1, 1, n, 40},
	} {
		t.Run(name, func(t *testing.T) {
			sender, err := s.NewSender(conn.ProducerConfig{
				Destination: "/queue/a", Headers: []frame.Field{{Name: "a", Value: "b"}}, Window: c.window, OnOutcome: func(conn.Outcome) {},
			}, c.every, c.transaction)
			if err != nil {
				t.Fatal(err)
			}
			ctx, body, h := t.Context(), make([]byte, 128), []frame.Field{{Name: "n", Value: "1"}}
			send := func() {
				for range n {
					if _, err := sender.Send(ctx, body, h...); err != nil {
						t.Fatal(err)
					}
				}
				if err := sender.Flush(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if allocs := testing.AllocsPerRun(10, send); allocs > c.most {
				t.Errorf("%v allocations in %d messages, want %v at most", allocs, n, c.most)
			}
		})
	}
}
