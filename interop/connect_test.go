package interop_test

import (
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestConnectInEachVersion(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c := tg.dial(t, version(v))
			if c.Version() != v {
				t.Errorf("version %v", c.Version())
			}
			disconnect(t, c)
		})
	})
}

func TestConnectTakesTheHighestVersion(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c := tg.dial(t, nil)
		if c.Version() != frame.Version12 {
			t.Errorf("version %v", c.Version())
		}
		if c.Server() == "" {
			t.Error("the broker does not say what it is")
		}
		disconnect(t, c)
	})
}

// STOMP instead of CONNECT is there since 1.1.
func TestConnectBySTOMPFrame(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c := tg.dial(t, func(cfg *conn.Config) { cfg.UseStomp = true })
		disconnect(t, c)
	})
}
