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
			if s := session(t, c); s.Version != v {
				t.Errorf("version %v", s.Version)
			}
			disconnect(t, c)
		})
	})
}

func TestConnectTakesTheHighestVersion(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c := tg.dial(t, nil)
		s := session(t, c)
		if s.Version != frame.Version12 {
			t.Errorf("version %v", s.Version)
		}
		if s.Headers.Get(frame.HeaderServer) == "" {
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

// session returns what was agreed on for the only connection of c.
func session(t *testing.T, c *conn.Client) conn.Session {
	t.Helper()
	all := c.Sessions()
	if len(all) != 1 {
		t.Fatalf("%d connections, want one", len(all))
	}
	return all[0]
}
