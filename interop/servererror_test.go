package interop_test

import (
	"errors"
	"net"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestErrorForUnknownTransaction(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if tg.unknownTx.accepts {
			t.Skipf("%s begins a transaction by itself", tg.name)
		}
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			provoke(t, tg, v, tg.unknownTx, func(c *conn.Client) error {
				return c.SendReceipt(within(t), topic(), nil, frame.Field{Name: frame.HeaderTransaction, Value: "never begun"})
			})
		})
	})
}

func TestErrorForBadDestination(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			provoke(t, tg, v, tg.refusal, func(c *conn.Client) error {
				return c.SendReceipt(within(t), tg.badDestination, nil)
			})
		})
	})
}

// provoke makes a mistake that asks for a receipt, and wants the broker's ERROR as the error of that call, whether it names
// the frame or not.
func provoke(t *testing.T, tg target, v frame.Version, want reaction, mistake func(*conn.Client) error) {
	t.Helper()
	c := tg.dial(t, version(v))
	err := mistake(c)
	var refused *conn.ServerError
	if !errors.As(err, &refused) || errors.Is(err, conn.ErrUnknownOutcome) {
		t.Fatalf("error %v, want what the broker says", err)
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
	confirm(t, c, topic(), "all well")
	disconnect(t, c)
}
