//go:build !race

package conn_test

import (
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// A confirmed send of a client's producer, with a callback for its outcome and a copy for redelivery, and a plain send on
// the client, cost no memory once everything has its size.
func TestAllocClient(t *testing.T) {
	for _, cfg := range []conn.ClientProducerConfig{
		{}, {Redeliver: true}, {Redeliver: true, IDHeader: "x-id", InOrder: true}, {ReceiptEvery: 50, AssumeCumulative: true},
	} {
		sink := startReceiptSink(t, nil)
		cl, err := conn.NewClient(conn.ClientConfig{Dial: sink.dial})
		if err != nil {
			t.Fatal(err)
		}
		if err := cl.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		var confirmed atomic.Int64
		cfg.Destination, cfg.Window = "/queue/a", 256
		cfg.OnOutcome = func(o conn.Outcome) {
			if o.Status == conn.Confirmed {
				confirmed.Add(1)
			}
		}
		p, err := cl.NewProducer(cfg)
		if err != nil {
			t.Fatal(err)
		}
		body, field := make([]byte, 128), frame.Field{Name: "n", Value: "v"}
		sent := int64(0)
		ctx := t.Context()
		send := func() {
			sent += perRun
			for range perRun {
				if _, err := p.Send(ctx, body, field); err != nil {
					t.Fatal(err)
				}
				if err := cl.Send(ctx, "/queue/b", body); err != nil {
					t.Fatal(err)
				}
			}
		}
		expectNoAllocs(t, send)
		if err := p.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if confirmed.Load() != sent {
			t.Errorf("%d confirmed, want %d", confirmed.Load(), sent)
		}
		_ = cl.Close()
		<-cl.Done()
	}
}
