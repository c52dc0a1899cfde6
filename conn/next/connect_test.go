package conn_test

import (
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn/next"
	"github.com/stompwire/stompwire/frame"
)

// A client goes through a whole session, over each driver and over any connection that it is given.
func TestExchange(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		client, broker := tr.join(t)
		go echoing(broker)
		cfg := conn.Config{Driver: tr.driver}
		c, err := conn.Dial(t.Context(), brokerURI, single(cfg, client))
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, c)
	})
}

func TestSessionInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		result := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", []byte("x")) })
		b.receipt(header(b.read(), "receipt"))
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFakeServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{})
		if err := c.SendReceipt(t.Context(), "/queue/a", []byte("x")); err != nil {
			t.Fatal(err)
		}
	})
}
