package conn_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/conn"
)

// ends counts how often a connection is said to have ended.
type ends struct {
	n    atomic.Int32
	errs chan error
}

func countEnds(cfg conn.Config) (conn.Config, *ends) {
	e := &ends{errs: make(chan error, 10)}
	trace := cfg.Trace
	cfg.Trace = func(ctx context.Context, ev *conn.Event) {
		if trace != nil {
			trace(ctx, ev)
		}
		if ev.Kind == conn.EventDisconnected {
			e.n.Add(1)
			e.errs <- ev.Err
		}
	}
	return cfg, e
}

// wait returns why a client of one connection has ended, which must have been told once, and be what Err says.
func (e *ends) wait(t testing.TB, c *conn.Client) error {
	t.Helper()
	<-c.Done()
	told, err := <-e.errs, c.Err()
	if !errors.Is(err, net.ErrClosed) || !errors.Is(told, net.ErrClosed) {
		t.Errorf("cause %v, told %v, is not net.ErrClosed", err, told)
	}
	if told.Error() != err.Error() {
		t.Errorf("the event says %v, Err says %v", told, err)
	}
	_ = c.Close()
	if n := e.n.Load(); n != 1 {
		t.Errorf("the end was told %d times", n)
	}
	return err
}

// flush returns when everything that the broker wrote has been handled.
func flush(t testing.TB, c *conn.Client, b *fakeBroker) {
	t.Helper()
	done := async(func() error { return c.SendReceipt(context.Background(), "/flush", nil) })
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(done); err != nil {
		t.Fatal(err)
	}
}
