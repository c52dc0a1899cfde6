package conn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// A subscription ends once, however many ask for that: a second UNSUBSCRIBE is an ERROR on all brokers.
func TestUnsubscribeTwice(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		s := subscription(b, c, conn.SubscribeOptions{}, ignore)
		first := async(func() error { return s.Unsubscribe(t.Context()) })
		text := b.read()
		second := async(func() error { return s.Unsubscribe(t.Context()) })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Unsubscribe(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("while it is being ended, with a context that has ended: %v", err)
		}
		b.receipt(header(text, "receipt"))
		for _, result := range []<-chan error{first, second, async(func() error { return s.Unsubscribe(t.Context()) })} {
			if err := b.await(result); err != nil {
				t.Error(err)
			}
		}
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/b\n\n^@")
	})
}
