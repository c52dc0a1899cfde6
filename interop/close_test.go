package interop_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Close returns every call that is under way, each with the right error, and every send has one
// outcome. The destination is a topic without a subscription, so it does not matter which messages
// arrived.
func TestCloseDuringCalls(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, to := tg.dial(t, nil), topic()
		var got outcomes
		p, err := c.NewProducer(conn.ProducerConfig{Destination: to, Window: 64, OnOutcome: got.note})
		if err != nil {
			t.Fatal(err)
		}
		var sent, confirmed atomic.Uint64
		underWay, turn := make(chan struct{}), make(chan struct{}, 1)
		ctx, body := within(t), make([]byte, 1<<10)
		calls := map[string]func() error{
			"Producer.Send": func() error {
				_, err := p.Send(ctx, body)
				if err == nil {
					sent.Add(1)
				}
				return err
			},
			"Flush": func() error { return p.Flush(ctx) },
			"Send": func() error {
				select { // or all others wait behind what the kernel's buffers hold, which is a lot
				case <-turn:
				case <-c.Done():
				}
				return c.Send(ctx, to, body)
			},
			"SendReceipt": func() error {
				err := c.SendReceipt(ctx, to, body)
				if err == nil && confirmed.Add(1) == 20 {
					close(underWay)
				}
				select {
				case turn <- struct{}{}:
				default:
				}
				return err
			},
			"Subscribe": func() error {
				sub, err := c.Subscribe(ctx, topic(), func(context.Context, *conn.Message) {}, conn.SubscribeOptions{})
				if err == nil {
					err = sub.Unsubscribe(ctx)
				}
				return err
			},
			"Commit": func() error {
				tx, err := c.Begin(ctx, "")
				if err == nil {
					err = tx.Commit(ctx)
				}
				return err
			},
		}
		var all sync.WaitGroup
		for name, call := range calls {
			all.Go(func() {
				for c.Err() == nil {
					if err := call(); err != nil && !errors.Is(err, net.ErrClosed) {
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
		select {
		case <-underWay:
		case <-c.Done():
			t.Errorf("the connection has ended by itself: %v", c.Err())
		case <-ctx.Done():
			t.Error("the calls take for ever")
		}
		_ = c.Close()
		all.Wait()
		var short *conn.OutcomeError
		if err := p.Flush(ctx); err != nil && !errors.As(err, &short) {
			t.Error(err)
		}
		got.check(t, sent.Load())
	})
}

// A consumer that is closed in the middle of its messages loses none of them for the next.
func TestCloseDuringDelivery(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		comesBack(t, tg, func(most time.Duration) bool { return closeDuringDelivery(t, tg, most) })
	})
}

func closeDuringDelivery(t *testing.T, tg target, most time.Duration) bool {
	t.Helper()
	c, q := tg.dial(t, nil), queue()
	p, err := c.NewProducer(conn.ProducerConfig{Destination: q, Window: 100})
	if err != nil {
		t.Fatal(err)
	}
	const count = 200
	ctx := within(t)
	for range count {
		if _, err := p.Send(ctx, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	disconnect(t, c)

	first := subscribe(t, tg.dial(t, nil), q, frame.AckClientIndividual)
	for range 10 {
		first.next(t)
	}
	_ = first.c.Close()

	second := subscribe(t, tg.dial(t, nil), q, frame.AckClientIndividual)
	for came := range count {
		ms := second.back(t, tg, most, "x")
		if len(ms) == 0 {
			t.Logf("%d of %d messages came", came, count)
			return false
		}
		second.ack(t, ms...)
	}
	second.expectEnd(t)
	disconnect(t, second.c)
	return true
}
