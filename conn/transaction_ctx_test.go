package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// COMMIT does not leave under a context that has ended. The transaction stays open, and ABORT leaves under any context.
func TestEndOfATransactionUnderAnEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		tx := begun(t, c, b)
		if err := tx.Commit(ended); !errors.Is(err, conn.ErrNotSent) || !errors.Is(err, context.Canceled) || errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("Commit: %v", err)
		}
		if err := tx.Send(t.Context(), "/queue/a", nil); err != nil {
			t.Errorf("it is still open: %v", err)
		}
		b.read()
		if err := tx.Abort(ended); !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, context.Canceled) || errors.Is(err, conn.ErrNotSent) {
			t.Errorf("Abort: %v", err)
		}
		if text := b.read(); !strings.HasPrefix(text, "ABORT\ntransaction:"+tx.ID()+"\n") {
			t.Errorf("%q", text)
		}
		if err := tx.Commit(ended); errors.Is(err, conn.ErrNotSent) || err == nil {
			t.Errorf("after Abort: %v", err)
		}
	})
}

// ABORT does not wait for room either, and a connection without any room at all ends: the broker aborts the transaction then.
func TestAbortWithAFullOutbox(t *testing.T) {
	const limit = 1000
	for name, test := range map[string]struct {
		full int
		want error
	}{
		"some room": {limit, conn.ErrUnknownOutcome},
		"no room":   {2 * limit, conn.ErrNotSent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := conn.Config{}
				cfg.Link.HighWater, cfg.Link.HardLimit, cfg.Link.WriteTimeout = limit, 2*limit, time.Hour
				c, b := dialStuck(t, "", cfg)
				tx := begun(t, c, b.fakeBroker)
				b.fill(c, test.full)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := tx.Commit(ctx); !errors.Is(err, conn.ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Commit: %v", err)
				}
				if err := tx.Abort(ctx); !errors.Is(err, test.want) {
					t.Errorf("Abort: %v, want %v", err, test.want)
				}
			})
		})
	}
}

// A Commit that may have left is never said to be not sent by a later one.
func TestCommitAgainAfterTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		tx := begun(t, c, b)
		result := async(func() error { return tx.Commit(t.Context()) })
		b.read()
		_ = b.nc.Close()
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Error(err)
		}
		synctest.Wait()
		if err := tx.Commit(t.Context()); errors.Is(err, conn.ErrNotSent) || err == nil {
			t.Errorf("again: %v", err)
		}
	})
}

// A worker whose deadline has passed aborts under the same context, and each message comes again, once.
func TestAbortUnderAnEndedContextGivesBack(t *testing.T) {
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c, err := conn.Dial(t.Context(), srv.URI(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(); <-c.Done() }()
	const orders = 10
	s, err := c.Consume(t.Context(), "/queue/orders", conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		t.Fatal(err)
	}
	for i := range orders {
		if err := c.Send(t.Context(), "/queue/orders", fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for range orders {
		m, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		tx, err := m.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Ack(m.Token()); err != nil {
			t.Fatal(err)
		}
		cancel() // the work has taken too long
		if err := tx.Send(ctx, "/queue/bills", m.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("Send: %v", err)
		}
		if err := tx.Abort(ctx); errors.Is(err, conn.ErrNotSent) {
			t.Errorf("Abort: %v", err)
		}
		m.Release()
	}
	if err := s.Unsubscribe(t.Context()); err != nil {
		t.Error(err)
	}
	again, err := c.Consume(t.Context(), "/queue/orders", conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		t.Fatal(err)
	}
	for range orders {
		m, err := again.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Ack(); err != nil {
			t.Error(err)
		}
		m.Release()
	}
}

// A deferred Abort does nothing behind Commit, however full the outbox is.
func TestAbortBehindCommitDoesNothing(t *testing.T) {
	const limit = 1000
	synctest.Test(t, func(t *testing.T) {
		cfg := conn.Config{}
		cfg.Link.HighWater, cfg.Link.HardLimit, cfg.Link.WriteTimeout = limit, 2*limit, time.Hour
		c, b := dialStuck(t, "", cfg)
		tx := begun(t, c, b.fakeBroker)
		result := async(func() error { return tx.Commit(t.Context()) })
		b.receipt(header(b.read(), "receipt"))
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}
		b.fill(c, 2*limit)
		if err := tx.Abort(t.Context()); !errors.Is(err, net.ErrClosed) || errors.Is(err, conn.ErrNotSent) {
			t.Error(err)
		}
		if !c.Connected() {
			t.Error("the connection has ended")
		}
	})
}
