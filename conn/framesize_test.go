package conn_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// tooLarge reports whether err says that a frame exceeds max bytes, and that nothing was sent.
func tooLarge(err error, max int64) bool {
	var limit *frame.LimitError
	return errors.As(err, &limit) && errors.Is(err, writer.ErrRefused) && limit.Max == max
}

// A frame above Config.MaxFrameSize is refused, one that fits to the byte is sent, and is the first that the broker sees.
func TestFrameTooLarge(t *testing.T) {
	const max = 1000
	// A SEND to /q with a content-length of three digits.
	const plain = len("SEND\ndestination:/q\ncontent-length:123\n\n\x00")
	for _, c := range []struct {
		name  string
		frame int // bytes of the frame without its body
		send  func(ctx context.Context, c *conn.Client, p *conn.Producer, body []byte) error
	}{
		{"Send", plain, func(ctx context.Context, c *conn.Client, _ *conn.Producer, body []byte) error {
			return c.Send(ctx, "/q", body)
		}},
		{"Send, text", len("SEND\ndestination:/q\n\n\x00"), func(ctx context.Context, c *conn.Client, _ *conn.Producer, body []byte) error {
			return c.Send(ctx, "/q", body, conn.Text)
		}},
		{"SendReceipt", plain + len("receipt:~1\n"), func(ctx context.Context, c *conn.Client, _ *conn.Producer, body []byte) error {
			return c.SendReceipt(ctx, "/q", body)
		}},
		{"SendFrom", plain + len("receipt:~1\n"), func(ctx context.Context, c *conn.Client, _ *conn.Producer, body []byte) error {
			return c.SendFrom(ctx, "/q", bytes.NewReader(body), int64(len(body)))
		}},
		{"Producer", plain + len("receipt:~1-1\n"), func(ctx context.Context, _ *conn.Client, p *conn.Producer, body []byte) error {
			_, err := p.Send(ctx, body)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, b := session(t, overPipe, frame.Version12, conn.Config{MaxFrameSize: max})
			p := producer(t, s, conn.ProducerConfig{Destination: "/q"})
			body := func(n int) []byte { return []byte(strings.Repeat("x", n)) }
			for _, size := range []int{max - c.frame + 1, 10 * max} {
				if err := c.send(t.Context(), s, p, body(size)); !tooLarge(err, max) {
					t.Fatalf("body of %d bytes: %v", size, err)
				}
			}
			done := async(func() error { return c.send(context.Background(), s, p, body(max-c.frame)) })
			got := b.read()
			if size := len(strings.TrimSuffix(got, "^@")) + 1; size != max {
				t.Errorf("frame of %d bytes; want %d: %.80q", size, max, got)
			}
			if id := header(got, "receipt"); id != "" {
				b.receipt(id)
			}
			if err := b.await(done); err != nil {
				t.Error(err)
			}
		})
	}
}

// Without Config.MaxFrameSize the bound is that of the broker.
func TestFrameSizeBound(t *testing.T) {
	for _, c := range []struct {
		server string
		max    int
		body   int
		bound  int64 // 0 if it fits
	}{
		{"RabbitMQ/4.0.0", 0, 4 << 20, 4 << 20},
		{"RabbitMQ/3.10.8", 0, 4<<20 + 1, 0},
		{"RabbitMQ/4.0.0", -1, 4<<20 + 1, 0},
		{"RabbitMQ/4.0.0", 8 << 20, 4<<20 + 1, 0},
		{"other", 0, 4<<20 + 1, 0},
		{"other", 1000, 1001, 1000},
	} {
		s, _ := sessionOf(t, overPipe, c.server, conn.Config{MaxFrameSize: c.max})
		err := s.Send(t.Context(), "/q", make([]byte, c.body))
		if c.bound == 0 && err != nil || c.bound > 0 && !tooLarge(err, c.bound) {
			t.Errorf("%s, MaxFrameSize %d, body of %d: %v", c.server, c.max, c.body, err)
		}
	}
}
