package interop_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
)

// A wrong passcode is a typed error with the broker's words in it, and with no passcode.
func TestLoginRefused(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if tg.anonymous {
			t.Skipf("%s needs no login, as interop/brokers.sh sets it up", tg.name)
		}
		cfg := tg.config()
		cfg.Passcode = "not the passcode 7141"
		refused := refusedDial(t, tg, &cfg)
		if text := fmt.Sprintf("%v %+v %q", refused, refused, refused.Body); strings.Contains(text, cfg.Passcode) {
			t.Errorf("the passcode is in the error: %s", text)
		}
	})
}

func TestVirtualHostRefused(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		if !tg.vhosts {
			t.Skipf("%s has no virtual hosts", tg.name)
		}
		cfg := tg.config()
		cfg.Host = "no-such-host"
		refusedDial(t, tg, &cfg)
	})
}

// refusedDial dials and wants the broker to say no.
func refusedDial(t *testing.T, tg target, cfg *conn.Config) *conn.ServerError {
	t.Helper()
	c, err := conn.Dial(within(t), tg.address, cfg)
	if err == nil {
		_ = c.Close()
		t.Fatal("connected")
	}
	var refused *conn.ServerError
	if !errors.As(err, &refused) || refused.Message == "" || !strings.Contains(err.Error(), tg.address) {
		t.Fatalf("error %v, want what the broker says, and which it is", err)
	}
	return refused
}
