package conn_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestClose(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		cfg, ends := countEnds(conn.Config{})
		c, b := session(t, tr, frame.Version12, cfg)
		if c.Err() != nil {
			t.Error(c.Err())
		}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { _ = c.Close() })
		}
		all.Wait()
		var closed interface{ Unwrap() error }
		if err := ends.wait(t, c); !errors.As(err, &closed) || closed.Unwrap() != nil {
			t.Errorf("cause %v; we did it ourselves", err)
		}
		b.expectEnd()
	})
}

// Whatever is under way when the connection is closed returns, and whatever is tried afterwards fails.
func TestCloseWhileBusy(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 5})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if _, err := p.Send(ctx, nil); err != nil {
			t.Fatal(err)
		}
		calls := map[string]func() error{
			"Send":          func() error { return c.Send(ctx, "/queue/a", make([]byte, 10000)) },
			"SendReceipt":   func() error { return c.SendReceipt(ctx, "/queue/a", nil) },
			"Producer.Send": func() error { _, err := p.Send(ctx, nil); return err },
			"Subscribe": func() error {
				_, err := c.Subscribe(ctx, "/queue/a", ignore, conn.SubscribeOptions{})
				return err
			},
			"Begin": func() error { _, err := c.Begin(ctx, ""); return err },
			"Commit": func() error {
				tx, err := c.Begin(ctx, "")
				if err != nil {
					return err
				}
				return tx.Commit(ctx)
			},
		}
		results := make(map[string]<-chan error)
		for name, call := range calls {
			results[name] = async(func() error {
				for {
					if err := call(); err != nil {
						return err
					}
				}
			})
		}
		for range 50 { // then the broker stops reading, and all senders wait
			b.read()
		}
		_ = c.Close()
		for name, result := range results {
			if err := b.await(result); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s under way: %v", name, err)
			}
		}
		for name, call := range calls {
			if err := call(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s afterwards: %v", name, err)
			}
		}
		var outcome *conn.OutcomeError
		if err := p.Flush(ctx); !errors.As(err, &outcome) || outcome.Unknown+outcome.NotSent == 0 {
			t.Error("Flush", err)
		}
		if err := c.Disconnect(ctx); err != nil {
			t.Error("Disconnect", err)
		}
	})
}

// A handler that closes the connection is not called again, whatever had been read already.
func TestCloseInHandler(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		cfg, ends := countEnds(conn.Config{})
		c, b := session(t, tr, frame.Version12, cfg)
		calls := 0
		var closer interface{ Close() error } = c
		b.subscribe(c, frame.AckAuto, func(context.Context, *conn.Message) {
			calls++
			_ = closer.Close()
		})
		message := "MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\n\n^@"
		b.write(message + message + message)
		ends.wait(t, c)
		if calls != 1 {
			t.Errorf("the handler was called %d times", calls)
		}
	})
}
