//go:build !race

package conn_test

import (
	"context"
	"io"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestAllocSendText(t *testing.T) {
	s, b := session(t, overSocket, frame.Version12, conn.Config{})
	go func() { _, _ = io.Copy(io.Discard, b.nc) }()
	ctx, body := context.Background(), make([]byte, 128)
	for i := range body {
		body[i] = 'x'
	}
	h := []frame.Field{{Name: frame.HeaderContentType, Value: "text/plain"}, {Name: "a", Value: "b"}}
	p, err := s.NewProducer(conn.ProducerConfig{Destination: "/q", Text: true})
	if err != nil {
		t.Fatal(err)
	}
	round := func() {
		for range 1000 {
			if err := s.SendText(ctx, "/q", body, h...); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Send(ctx, body, h...); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The count is of the whole process, and what the flusher needs differs from run to run. What a send allocates is in
	// every one.
	least := testing.AllocsPerRun(1, round)
	for range 10 {
		least = min(least, testing.AllocsPerRun(1, round))
	}
	if least != 0 {
		t.Errorf("%v allocations in 2000 sends; want 0", least)
	}
}
