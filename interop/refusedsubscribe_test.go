package interop_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// R1. Subscribe returns what the broker says about a destination that does not exist or that it does not take.
func TestR1RefusedSubscribe(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		for _, bad := range tg.refusedSubscribes {
			t.Run(bad.name, func(t *testing.T) {
				overVersions(t, frame.Version11, func(t *testing.T, v frame.Version) {
					c := tg.dial(t, version(v))
					_, err := c.Subscribe(within(t), bad.destination, ignore, bad.options())
					bad.check(t, err)
				})
			})
		}
	})
}

// R1. What RabbitMQ says about a login is in the body of its ERROR.
func TestR1RefusedLoginSaysWhy(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if tg.refusedLogin == "" {
			t.Skipf("%s needs no login, or gives no reason when it refuses one", tg.name)
		}
		cfg := tg.config()
		cfg.Passcode = "not the passcode 7141"
		cfg.Attempts = 1
		c, err := conn.Dial(within(t), tg.address, &cfg)
		if err == nil {
			_ = c.Close()
			t.Fatal("connected")
		}
		if !strings.Contains(err.Error(), tg.refusedLogin) {
			t.Errorf("error %v, want %q in it", err, tg.refusedLogin)
		}
	})
}

// R1, R3. A subscription that is refused does not cost another one of the client a message.
func TestR3RefusedSubscribeStarvesNobody(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		for _, bad := range tg.refusedSubscribes {
			for _, mode := range []frame.AckMode{frame.AckAuto, frame.AckClientIndividual} {
				t.Run(fmt.Sprintf("%s/ack=%v", bad.name, mode), func(t *testing.T) {
					c, q := tg.dialClient(t, nil), queue()
					in := subscribe(t, c, q, mode)
					_, err := c.Subscribe(within(t), bad.destination, ignore, bad.options())
					bad.check(t, err)
					gets(t, tg, in, q)
					if err := c.Err(); err != nil {
						t.Errorf("the client has ended: %v", err)
					}
				})
			}
		}
	})
}

// gets sends messages, confirmed, and waits until each was handled and acknowledged. Some may come twice.
func gets(t *testing.T, tg target, in *inbox, q string) {
	t.Helper()
	const count = 20
	sender := tg.dial(t, nil)
	left := map[string]bool{}
	for i := range count {
		body := fmt.Sprint("message ", i)
		left[body] = true
		confirm(t, sender, q, body)
	}
	for len(left) > 0 {
		m := in.next(t)
		if err := m.Ack(); err != nil && !errors.Is(err, conn.ErrAckMode) {
			t.Logf("%s comes again: %v", m.Body, err)
			continue
		}
		delete(left, string(m.Body))
	}
	disconnect(t, sender)
}

func ignore(context.Context, *conn.Message) {}

func (bad refusedSubscribe) options() conn.SubscribeOptions {
	return conn.SubscribeOptions{Headers: bad.headers}
}

func (bad refusedSubscribe) check(t *testing.T, err error) {
	t.Helper()
	var refused *conn.ServerError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), bad.says) {
		t.Fatalf("error %v, want what the broker says, with %q", err, bad.says)
	}
}
