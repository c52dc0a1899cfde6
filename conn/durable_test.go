package conn_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// On ActiveMQ a durable subscription stays on the connection with the client-id, however often that ends (R8).
func TestDurableSubscriptionKeepsItsClientID(t *testing.T) {
	for name, opts := range map[string]conn.SubscribeOptions{
		"hint":    {Hints: []dialect.Hint{dialect.Durable("n")}},
		"headers": {Headers: []frame.Field{{Name: "activemq.subscriptionName", Value: "n"}}},
		"made":    {HeadersFunc: func() []frame.Field { return []frame.Field{{Name: "activemq.subscriptionName", Value: "n"}} }},
	} {
		synctest.Test(t, func(t *testing.T) {
			cuts := 0
			s := &fakeServer{t: t, server: "ActiveMQ/5.17.2"}
			c := s.connected(conn.Config{ClientID: "me", Trace: func(_ context.Context, e *conn.Event) {
				if strings.HasPrefix(e.Connection, "isolated") {
					t.Errorf("%s: %v of %s", name, e.Kind, e.Connection)
				}
			}})
			if _, err := c.Subscribe(t.Context(), "/topic/a", ignore, opts); err != nil {
				t.Fatal(err)
			}
			s.set(func(s *fakeServer) {
				s.ends = func(text string) bool {
					if strings.HasPrefix(text, "SUBSCRIBE\n") && cuts < 4 {
						cuts++
						return true
					}
					return false
				}
			})
			s.cut()
			time.Sleep(time.Minute)
			if got := len(s.frames("SUBSCRIBE")); cuts != 4 || got != 6 {
				t.Errorf("%s: %d SUBSCRIBEs, %d cut", name, got, cuts)
			}
		})
	}
}
