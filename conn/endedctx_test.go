package conn_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// waitingCall is a call that waits for an answer of the broker.
type waitingCall struct {
	name    string
	prepare func(t *testing.T, c *conn.Client, b *stuckBroker) func(ctx context.Context) error
	full    error // the result if ctx ends while the outbox is full, if that is not ErrNotSent
	before  error // the same if ctx had ended before
}

var waitingCalls = []waitingCall{
	{name: "SendReceipt", prepare: func(_ *testing.T, c *conn.Client, _ *stuckBroker) func(context.Context) error {
		return func(ctx context.Context) error { return c.SendReceipt(ctx, "/queue/a", []byte("x")) }
	}},
	{name: "SendFrom", prepare: func(_ *testing.T, c *conn.Client, _ *stuckBroker) func(context.Context) error {
		return func(ctx context.Context) error { return c.SendFrom(ctx, "/queue/a", bytes.NewReader([]byte("x")), 1) }
	}},
	{name: "Commit", prepare: func(t *testing.T, c *conn.Client, b *stuckBroker) func(context.Context) error {
		return begun(t, c, b.fakeBroker).Commit
	}},
	{name: "Abort", full: conn.ErrUnknownOutcome, before: conn.ErrUnknownOutcome, // it does not wait for room
		prepare: func(t *testing.T, c *conn.Client, b *stuckBroker) func(context.Context) error {
			return begun(t, c, b.fakeBroker).Abort
		}},
	{name: "Unsubscribe", full: conn.ErrUnknownOutcome, before: conn.ErrUnknownOutcome, // it ends whatever the error
		prepare: func(t *testing.T, c *conn.Client, b *stuckBroker) func(context.Context) error {
			var s *conn.Subscription
			result := async(func() (err error) {
				s, err = c.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{Ack: frame.AckClient})
				return err
			})
			b.receipt(header(b.read(), "receipt"))
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
			return s.Unsubscribe
		}},
}

// What a call that waits for an answer returns when its context ends says whether anything can have left.
func TestEndedContextSaysWhatIsKnown(t *testing.T) {
	const room = 1000
	for _, call := range waitingCalls {
		if call.full == nil {
			call.full, call.before = conn.ErrNotSent, conn.ErrNotSent
		}
		for name, test := range map[string]struct {
			fill  bool
			after time.Duration
			want  error
		}{
			"before":                 {want: call.before},
			"outbox full":            {fill: true, after: time.Second, want: call.full},
			"waiting for the answer": {after: time.Second, want: conn.ErrUnknownOutcome},
		} {
			t.Run(call.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var cfg conn.Config
					cfg.Link.HighWater, cfg.Link.WriteTimeout = room, time.Hour
					c, b := dialStuck(t, "", cfg)
					run := call.prepare(t, c, b)
					if test.fill {
						b.fill(c, room)
					} else {
						go func() { // reads everything, and answers nothing
							for {
								if _, err := b.next(); err != nil {
									return
								}
							}
						}()
					}
					ctx, cancel := context.WithTimeout(t.Context(), test.after)
					defer cancel()
					err := run(ctx)
					if !errors.Is(err, test.want) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%v; want %v", err, test.want)
					}
					for _, other := range []error{conn.ErrNotSent, conn.ErrUnknownOutcome} {
						if other != test.want && errors.Is(err, other) {
							t.Errorf("%v; want only %v", err, test.want)
						}
					}
				})
			})
		}
	}
}

// Calls that wait for no answer return ctx.Err(), and their error says by itself that nothing was sent.
func TestEndedContextOfPlainSends(t *testing.T) {
	const room = 1000
	for name, prepare := range map[string]func(t *testing.T, c *conn.Client, b *stuckBroker) func(ctx context.Context) error{
		"Send": func(_ *testing.T, c *conn.Client, _ *stuckBroker) func(context.Context) error {
			return func(ctx context.Context) error { return c.Send(ctx, "/queue/a", nil) }
		},
		"Begin": func(_ *testing.T, c *conn.Client, _ *stuckBroker) func(context.Context) error {
			return func(ctx context.Context) error { _, err := c.Begin(ctx, ""); return err }
		},
		"Tx.Send": func(t *testing.T, c *conn.Client, b *stuckBroker) func(context.Context) error {
			tx := begun(t, c, b.fakeBroker)
			return func(ctx context.Context) error { return tx.Send(ctx, "/queue/a", nil) }
		},
		"Producer.Send": func(t *testing.T, c *conn.Client, _ *stuckBroker) func(context.Context) error {
			p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a"})
			if err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) error { _, err := p.Send(ctx, nil); return err }
		},
	} {
		for when, after := range map[string]time.Duration{"before": 0, "outbox full": time.Second} {
			t.Run(name+"/"+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var cfg conn.Config
					cfg.Link.HighWater, cfg.Link.WriteTimeout = room, time.Hour
					c, b := dialStuck(t, "", cfg)
					run := prepare(t, c, b)
					b.fill(c, room)
					ctx, cancel := context.WithTimeout(t.Context(), after)
					defer cancel()
					if err := run(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, conn.ErrUnknownOutcome) || errors.Is(err, net.ErrClosed) {
						t.Error(err)
					}
				})
			})
		}
	}
}
