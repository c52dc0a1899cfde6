package conn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestSubscribeFrames(t *testing.T) {
	for _, v := range []frame.Version{frame.Version10, frame.Version11, frame.Version12} {
		overEach(t, func(t *testing.T, tr transport) {
			c, b := session(t, tr, v, conn.Config{})
			subs := make(chan *conn.Subscription, 1)
			result := async(func() error {
				s, err := c.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{
					Ack: frame.AckClient, Headers: []frame.Field{{Name: "selector", Value: "a = 'b'"}},
				})
				subs <- s
				return err
			})
			b.expect("SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\nselector:a = 'b'\nreceipt:~1\n\n^@")
			b.receipt("~1")
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
			s := <-subs
			if s.ID() != "1" || s.Destination() != "/queue/a" {
				t.Error(s.ID(), s.Destination())
			}
			result = async(func() error { return s.Unsubscribe(t.Context()) })
			want := "UNSUBSCRIBE\nid:1\nreceipt:~2\n\n^@"
			if v == frame.Version10 {
				want = "UNSUBSCRIBE\nid:1\ndestination:/queue/a\nreceipt:~2\n\n^@"
			}
			b.expect(want)
			b.receipt("~2")
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestMessagesFindTheirSubscription(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		got := make(chan string, 10)
		handler := func(name string) conn.MessageHandler {
			return func(_ context.Context, m *conn.Message) { got <- name + " " + string(m.Body) }
		}
		c, b := session(t, tr, frame.Version10, conn.Config{OnUnsolicited: handler("nobody")})
		for _, s := range []struct{ id, destination string }{{"", "/queue/a"}, {"named", "/queue/b"}, {"7", "/queue/c"}, {"", "/queue/d"}} {
			if _, err := c.Subscribe(t.Context(), s.destination, handler(s.destination), conn.SubscribeOptions{ID: s.id, NoReceipt: true}); err != nil {
				t.Fatal(err)
			}
			b.read()
		}
		for _, m := range []struct{ wire, to string }{
			{"subscription:1\ndestination:/queue/x", "/queue/a"},
			{"subscription:named\ndestination:/queue/x", "/queue/b"},
			{"subscription:7\ndestination:/queue/x", "/queue/c"},
			{"subscription:2\ndestination:/queue/x", "/queue/d"},
			{"destination:/queue/d", "/queue/d"}, // a server of 1.0 need not name the subscription
			{"destination:/queue/b", "/queue/b"},
			{"subscription:3\ndestination:/queue/a", "nobody"},
			{"subscription:01\ndestination:/queue/a", "nobody"},
			{"destination:/queue/x", "nobody"},
		} {
			b.write("MESSAGE\nmessage-id:1\n" + m.wire + "\n\nbody^@")
			if to := <-got; to != m.to+" body" {
				t.Errorf("%q goes to %s", m.wire, to)
			}
		}
		if n := c.Unsolicited(); n != 3 {
			t.Errorf("%d unsolicited messages", n)
		}
	})
}

func TestSubscriptionIDs(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	fast := conn.SubscribeOptions{NoReceipt: true}
	seen := make(map[string]bool)
	for _, id := range []string{"2", "", "", "", "x"} {
		fast.ID = id
		s, err := c.Subscribe(t.Context(), "/queue/a", nil, fast)
		if err != nil {
			t.Fatal(err)
		}
		if id := header(b.read(), "id"); id != s.ID() || seen[id] {
			t.Errorf("id %q, on the wire %q, is not new", s.ID(), id)
		}
		seen[s.ID()] = true
	}
	fast.ID = "x"
	if _, err := c.Subscribe(t.Context(), "/queue/a", nil, fast); !errors.Is(err, conn.ErrIDInUse) {
		t.Error("two subscriptions with one id:", err)
	}
}

// What is still on its way when UNSUBSCRIBE leaves is handled; what comes after its receipt is not.
func TestUnsubscribe(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	got := make(chan string, 10)
	subs := make(chan *conn.Subscription, 1)
	result := async(func() error {
		s, err := c.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { got <- string(m.Body) }, conn.SubscribeOptions{})
		subs <- s
		return err
	})
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(result); err != nil {
		t.Fatal(err)
	}
	s := <-subs
	result = async(func() error { return s.Unsubscribe(t.Context()) })
	id := header(b.read(), "receipt")
	b.write("MESSAGE\nsubscription:1\nmessage-id:1\n\nbefore^@")
	b.receipt(id)
	if err := b.await(result); err != nil {
		t.Fatal(err)
	}
	b.write("MESSAGE\nsubscription:1\nmessage-id:1\n\nafter^@")
	flush(t, c, b)
	if close(got); <-got != "before" || len(got) != 0 || c.Unsolicited() != 1 {
		t.Errorf("%d messages more, %d unsolicited", len(got), c.Unsolicited())
	}
}

func TestSubscribeRejected(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	result := async(func() error {
		_, err := c.Subscribe(t.Context(), "/nowhere", nil, conn.SubscribeOptions{ID: "x"})
		return err
	})
	b.write("ERROR\nreceipt-id:" + header(b.read(), "receipt") + "\nmessage:no\n\n^@")
	if err := b.await(result); !errors.As(err, new(*conn.ServerError)) {
		t.Error(err)
	}
	if _, err := c.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{ID: "x", NoReceipt: true}); err != nil {
		t.Error("the id is still taken:", err)
	}
}

// "client-individual" came with 1.1.
func TestSubscribeIndividualOn10(t *testing.T) {
	c, _ := session(t, overPipe, frame.Version10, conn.Config{})
	_, err := c.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{Ack: frame.AckClientIndividual, NoReceipt: true})
	if err == nil {
		t.Error("accepted")
	}
}

// SUBSCRIBE has left, but its receipt does not come in time. The caller has no subscription, so the broker must not have
// one either: what it delivered in mode auto would be lost.
func TestSubscribeOfUnknownOutcomeIsUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{ReceiptTimeout: time.Second})
		result := async(func() error {
			_, err := c.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{})
			return err
		})
		id := header(b.read(), "id")
		if err := b.await(result); !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Fatal(err)
		}
		if got, want := b.read(), "UNSUBSCRIBE\nid:"+id+"\n\n^@"; got != want {
			t.Errorf("then came %q, want %q", got, want)
		}
	})
}
