//go:build !race

package conn_test

import (
	"context"
	"io"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/alloctest"
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
	if n := alloctest.Least(1, round); n != 0 {
		t.Errorf("%v allocations in 2000 sends; want 0", n)
	}
}
