package peers

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// stompwireBroker is stompwire's broker with stompwire's clients.
type stompwireBroker struct{ addr string }

func stompwireBus(tb testing.TB) bus {
	tb.Helper()
	b, err := broker.Start(broker.Config{})
	must(tb, err)
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	return stompwireBroker{b.Addr().String()}
}

func (s stompwireBroker) topic() string      { return "/topic/bench" }
func (s stompwireBroker) queue(i int) string { return fmt.Sprintf("/queue/bench%d", i) }

func (s stompwireBroker) publisher(tb testing.TB, destination string) func(body []byte) error {
	c := dialStompwire(tb, s.addr)
	ctx := context.Background()
	return func(body []byte) error { return c.Send(ctx, destination, body) }
}

func (s stompwireBroker) subscribe(tb testing.TB, destination string, ack bool, handle func(body []byte)) {
	c := dialStompwire(tb, s.addr)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	options := conn.SubscribeOptions{Ack: frame.AckAuto}
	if ack {
		options.Ack = frame.AckClient
	}
	_, err := c.Subscribe(ctx, destination, func(_ context.Context, m *conn.Message) {
		handle(m.Body)
		if ack {
			m.Ack() // if it fails, the connection has ended and no more messages come
		}
	}, options)
	must(tb, err)
}
