package interop_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestErrorForUnknownTransaction(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if tg.unknownTx.accepts {
			t.Skipf("%s begins a transaction by itself", tg.name)
		}
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			provoke(t, tg, v, tg.unknownTx, func(c *conn.Conn) error {
				return c.SendReceipt(within(t), topic(), nil, frame.Field{Name: frame.HeaderTransaction, Value: "never begun"})
			})
		})
	})
}

func TestErrorForBadDestination(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			provoke(t, tg, v, tg.refusal, func(c *conn.Conn) error {
				return c.SendReceipt(within(t), tg.badDestination, nil)
			})
		})
	})
}

// provoke makes a mistake that asks for a receipt, and wants the broker's ERROR as the error of that call if it names the
// frame, and at OnError if it does not.
func provoke(t *testing.T, tg target, v frame.Version, want reaction, mistake func(*conn.Conn) error) {
	t.Helper()
	unnamed := make(chan *conn.ServerError, 8)
	c := tg.dial(t, func(cfg *conn.Config) {
		cfg.Versions = frame.VersionsOf(v)
		cfg.OnError = func(err *conn.ServerError) { unnamed <- err }
		if !want.names {
			cfg.ReceiptTimeout = time.Second // there will be none
		}
	})
	err := mistake(c)
	var refused *conn.ServerError
	switch errors.As(err, &refused); {
	case want.names && (refused == nil || errors.Is(err, conn.ErrUnknownOutcome)):
		t.Fatalf("error %v, want what the broker says", err)
	case !want.names && !errors.Is(err, conn.ErrUnknownOutcome):
		t.Fatalf("error %v, want an unknown outcome", err)
	case !want.names:
		select {
		case refused = <-unnamed:
		case <-c.Done():
			t.Fatalf("the connection has ended, and OnError was not called: %v", c.Err())
		case <-within(t).Done():
			t.Fatal("OnError is not called")
		}
	}
	if refused.Message == "" {
		t.Errorf("the broker does not say what is wrong: %q", refused.Header)
	}
	if want.closes != 0 && v >= want.closes {
		select {
		case <-c.Done():
		case <-within(t).Done():
			t.Error("the connection is still open")
		}
		if !errors.Is(c.Err(), net.ErrClosed) {
			t.Errorf("the connection ended with %v", c.Err())
		}
		return
	}
	// Confirmed, however short the time for a receipt is.
	err, ctx := conn.ErrUnknownOutcome, within(t)
	for errors.Is(err, conn.ErrUnknownOutcome) && ctx.Err() == nil {
		err = c.SendReceipt(ctx, topic(), []byte("all well"))
	}
	if err != nil {
		t.Fatal(err)
	}
	disconnect(t, c)
}
