package interop_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// R6. What a subscription had been given and not acknowledged goes back at Unsubscribe, to another one of the same client.
func TestR6UnsubscribeGivesBack(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dialClient(t, nil), queue()
		const count, acked = 10, 3
		for i := range count {
			confirm(t, c, q, strconv.Itoa(i))
		}
		opts := conn.SubscribeOptions{Ack: frame.AckClientIndividual, Headers: tg.wide}
		first, err := c.Consume(within(t), q, opts)
		if err != nil {
			t.Fatal(err)
		}
		for range acked {
			m, err := first.Next(within(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
			m.Release()
		}
		if err := first.Unsubscribe(within(t)); err != nil {
			t.Fatal(err)
		}
		second := subscribe(t, c, q, frame.AckClientIndividual, tg.wide...)
		var rest []string
		for i := acked; i < count; i++ {
			rest = append(rest, strconv.Itoa(i))
		}
		second.ack(t, second.expectBack(t, tg, rest...)...)
		second.expectEnd(t)
		disconnect(t, c)
	})
}

// R6. In mode auto the broker does not have any more what is on its way at Unsubscribe, so it is handled.
func TestR6UnsubscribeInModeAuto(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dialClient(t, nil), queue()
		const count, some = 2000, 300
		p, err := c.NewProducer(conn.ProducerConfig{Destination: q})
		if err != nil {
			t.Fatal(err)
		}
		missing := map[string]bool{}
		for i := range count {
			body := strconv.Itoa(i)
			missing[body] = true
			if _, err := p.Send(within(t), []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
		enough := make(chan struct{})
		var handled []string
		sub, err := c.Subscribe(within(t), q, func(_ context.Context, m *conn.Message) {
			if handled = append(handled, string(m.Body)); len(handled) == some {
				close(enough)
			}
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		<-enough
		if err := sub.Unsubscribe(within(t)); err != nil {
			t.Fatal(err)
		}
		for _, body := range handled {
			delete(missing, body)
		}
		rest := subscribe(t, c, q, frame.AckAuto)
		for len(missing) > 0 { // ActiveMQ and Artemis may deliver some again
			m := rest.nextWithin(t, patience)
			if m == nil {
				t.Fatalf("%d of %d messages are lost, %d were handled before the end", len(missing), count, len(handled))
			}
			delete(missing, string(m.Body))
		}
		disconnect(t, c)
	})
}

// R6. Disconnect and Unsubscribe wait for the handler that runs, whose acknowledgement counts. What no handler was called for
// goes back at once.
func TestR6HandlersAtTheEnd(t *testing.T) {
	ends := map[string]func(c *conn.Client, sub *conn.Subscription, ctx context.Context) error{
		"Disconnect":  func(c *conn.Client, _ *conn.Subscription, ctx context.Context) error { return c.Disconnect(ctx) },
		"Unsubscribe": func(_ *conn.Client, sub *conn.Subscription, ctx context.Context) error { return sub.Unsubscribe(ctx) },
	}
	overEach(t, func(t *testing.T, tg target) {
		for name, end := range ends {
			t.Run(name, func(t *testing.T) { handlersAtTheEnd(t, tg, end) })
		}
	})
}

func handlersAtTheEnd(t *testing.T, tg target, end func(*conn.Client, *conn.Subscription, context.Context) error) {
	c, q := tg.dialClient(t, nil), queue()
	const count = 60
	var bodies []string
	for i := range count {
		bodies = append(bodies, strconv.Itoa(i))
	}
	confirm(t, c, q, bodies...)
	third, release := make(chan struct{}), make(chan struct{})
	var handled []string
	sub, err := c.Subscribe(within(t), q, func(_ context.Context, m *conn.Message) {
		handled = append(handled, string(m.Body))
		if len(handled) == 3 {
			close(third)
			<-release
		}
		if err := m.Ack(); err != nil {
			t.Errorf("Ack: %v", err)
		}
	}, conn.SubscribeOptions{Ack: frame.AckClientIndividual, Headers: tg.wide})
	if err != nil {
		t.Fatal(err)
	}
	<-third
	ended := make(chan error, 1)
	go func() { ended <- end(c, sub, within(t)) }()
	close(release) // a few more may start until end has begun
	if err := <-ended; err != nil {
		t.Error(err)
	}
	n := len(handled)
	if n < 3 || !slices.Equal(handled, bodies[:n]) {
		t.Errorf("%v were handled", handled)
	}
	in := subscribe(t, tg.dial(t, nil), q, frame.AckClientIndividual, tg.wide...)
	in.ack(t, in.expectBack(t, tg, bodies[n:]...)...)
	in.expectEnd(t)
	disconnect(t, in.c)
	if err := c.Disconnect(within(t)); err != nil {
		t.Error(err)
	}
}
