//go:build !race

package transport_test

import (
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
	to, err := sink.Listen()
	if err != nil {
		t.Fatal(err)
	}
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
		o    transport.SenderOptions
		most float64
	}{
		"plain":       {transport.SenderOptions{}, perFlush},
		"confirmed":   {transport.SenderOptions{Window: 1000}, perFlush},
		"every tenth": {transport.SenderOptions{Window: 1000, Every: 10}, perFlush},
		"transaction": {transport.SenderOptions{Transaction: n}, 40},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Destination, c.o.Headers = "/queue/a", []frame.Field{{Name: "a", Value: "b"}}
			c.o.Outcome = func(conn.Outcome) {}
			sender, err := s.NewSender(c.o)
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
