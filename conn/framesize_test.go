package conn_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestFrameTooLarge(t *testing.T) {
	const max = 1000
	body := func(n int) []byte { return []byte(strings.Repeat("x", n)) }
	// A SEND to /q with a content-length of three digits; with a receipt ~1, ~0-1.
	const plain = len("SEND\ndestination:/q\ncontent-length:123\n\n\x00")
	const withReceipt = plain + len("receipt:~1\n")
	const produced = plain + len("receipt:~0-1\n")
	const text = len("SEND\ndestination:/q\n\n\x00")

	for _, c := range []struct {
		name  string
		frame int // bytes of the frame without its body
		send  func(ctx context.Context, s *conn.Conn, p *conn.Producer, body []byte) error
	}{
		{"Send", plain, func(ctx context.Context, s *conn.Conn, _ *conn.Producer, body []byte) error {
			return s.Send(ctx, "/q", body)
		}},
		{"SendReceipt", withReceipt, func(ctx context.Context, s *conn.Conn, _ *conn.Producer, body []byte) error {
			return s.SendReceipt(ctx, "/q", body)
		}},
		{"Producer", produced, func(ctx context.Context, _ *conn.Conn, p *conn.Producer, body []byte) error {
			_, err := p.Send(ctx, body)
			return err
		}},
		{"SendText", text, func(ctx context.Context, s *conn.Conn, _ *conn.Producer, body []byte) error {
			return s.SendText(ctx, "/q", body)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, b := session(t, overPipe, frame.Version12, conn.Config{MaxFrameSize: max})
			p, err := s.NewProducer(conn.ProducerConfig{Destination: "/q", Window: 10})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for _, size := range []int{max - c.frame + 1, 10 * max} {
				err := c.send(ctx, s, p, body(size))
				var large *conn.FrameTooLargeError
				if !errors.As(err, &large) || !errors.Is(err, writer.ErrRefused) || large.Max != max || large.Size <= max {
					t.Fatalf("body of %d bytes: %v; want a FrameTooLargeError", size, err)
				}
			}
			// The next one fits to the byte, and is the first that the broker sees. The
			// receipt of the refused one is not used again, and makes no difference.
			done := async(func() error { return c.send(ctx, s, p, body(max-c.frame)) })
			got := b.read()
			if size := len(strings.TrimSuffix(got, "^@")) + 1; size != max {
				t.Errorf("frame of %d bytes; want %d", size, max)
			}
			if c.name == "SendReceipt" {
				b.receipt(header(got, "receipt"))
			}
			if err := b.await(done); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFrameSizeBound(t *testing.T) {
	for _, c := range []struct {
		server string
		max    int
		body   int
		fits   bool
	}{
		{"RabbitMQ/4.0.0", 0, 4 << 20, false},
		{"RabbitMQ/3.10.8", 0, 4<<20 + 1, true},
		{"RabbitMQ/4.0.0", -1, 4<<20 + 1, true},
		{"RabbitMQ/4.0.0", 8 << 20, 4<<20 + 1, true},
		{"other", 0, 4<<20 + 1, true},
		{"other", 1000, 1001, false},
	} {
		s, _ := connected(t, conn.Config{MaxFrameSize: c.max}, c.server)
		var large *conn.FrameTooLargeError
		if err := s.Send(context.Background(), "/q", make([]byte, c.body)); (err == nil) != c.fits || (!c.fits && !errors.As(err, &large)) {
			t.Errorf("%s, MaxFrameSize %d, body of %d: %v", c.server, c.max, c.body, err)
		}
	}
}
