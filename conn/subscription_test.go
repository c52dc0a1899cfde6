package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// stripReceipt returns a frame without its receipt header.
func stripReceipt(text string) string {
	return strings.Replace(text, "receipt:"+header(text, "receipt")+"\n", "", 1)
}

// subscription makes a subscription to /queue/a.
func subscription(b *fakeBroker, c *conn.Client, opts conn.SubscribeOptions, h conn.MessageHandler) (s *conn.Subscription) {
	b.t.Helper()
	result := async(func() (err error) {
		s, err = c.Subscribe(context.Background(), "/queue/a", h, opts)
		return err
	})
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(result); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func TestSubscribeFrames(t *testing.T) {
	for _, v := range []frame.Version{frame.Version10, frame.Version11, frame.Version12} {
		overEach(t, func(t *testing.T, tr transport) {
			c, b := session(t, tr, v, conn.Config{})
			subs := make(chan *conn.Subscription, 1)
			result := async(func() error {
				s, err := c.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{
					Ack: frame.AckClient, Headers: []frame.Field{{Name: "selector", Value: "a = 'b'"}},
				})
				subs <- s
				return err
			})
			text := b.read()
			if want := "SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\nselector:a = 'b'\n\n^@"; stripReceipt(text) != want {
				t.Errorf("got %q, want %q", text, want)
			}
			b.receipt(header(text, "receipt"))
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
			s := <-subs
			if s.ID() != "1" || s.Destination() != "/queue/a" {
				t.Error(s.ID(), s.Destination())
			}
			result = async(func() error { return s.Unsubscribe(t.Context()) })
			want := "UNSUBSCRIBE\nid:1\n\n^@"
			if v == frame.Version10 {
				want = "UNSUBSCRIBE\nid:1\ndestination:/queue/a\n\n^@"
			}
			if text = b.read(); stripReceipt(text) != want {
				t.Errorf("got %q, want %q", text, want)
			}
			b.receipt(header(text, "receipt"))
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
		c, b := session(t, tr, frame.Version10, conn.Config{Unsolicited: handler("nobody")})
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
		if n := c.Stats().Unsolicited; n != 3 {
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
		s, err := c.Subscribe(t.Context(), "/queue/a", ignore, fast)
		if err != nil {
			t.Fatal(err)
		}
		if id := header(b.read(), "id"); id != s.ID() || seen[id] {
			t.Errorf("id %q, on the wire %q, is not new", s.ID(), id)
		}
		seen[s.ID()] = true
	}
	fast.ID = "x"
	if _, err := c.Subscribe(t.Context(), "/queue/a", ignore, fast); err == nil {
		t.Error("two subscriptions with one id:", err)
	}
}

// What comes after Unsubscribe was called is not handled: the broker delivers it again, or had it acknowledged already.
func TestUnsubscribe(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	got := make(chan string, 10)
	s := subscription(b, c, conn.SubscribeOptions{Ack: frame.AckClientIndividual}, func(_ context.Context, m *conn.Message) { got <- string(m.Body) })
	b.write("MESSAGE\nsubscription:1\nmessage-id:1\n\nbefore^@")
	flush(t, c, b)
	result := async(func() error { return s.Unsubscribe(t.Context()) })
	id := header(b.read(), "receipt")
	b.write("MESSAGE\nsubscription:1\nmessage-id:1\n\nduring^@")
	b.receipt(id)
	if err := b.await(result); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := s.Err(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	b.write("MESSAGE\nsubscription:1\nmessage-id:1\n\nafter^@")
	flush(t, c, b)
	if close(got); <-got != "before" || len(got) != 0 {
		t.Errorf("%d messages more", len(got))
	}
	if n := c.Stats().Unsolicited; n != 1 {
		t.Errorf("%d unsolicited", n)
	}
}

// Unsubscribe waits for the handler that runs, and what that acknowledges leaves before UNSUBSCRIBE.
func TestUnsubscribeWaitsForTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		handled := 0
		sub, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
			handled++
			time.Sleep(time.Minute / 2)
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
		}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "1", "x") + message("1", "2", "x") + message("1", "3", "x"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		if err := sub.Unsubscribe(ctx); err != nil || time.Since(start) != time.Minute/2 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if got, want := s.order(), []string{"SUBSCRIBE", "ACK", "UNSUBSCRIBE"}; !slices.Equal(got, want) || handled != 1 {
			t.Errorf("handled %d, got %q; want %q", handled, got, want)
		}
	})
}

// Without a deadline of its own Unsubscribe waits for a handler as long as for a receipt, and then for the broker no more.
func TestUnsubscribeFromAHandlerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true, ReceiptTimeout: 7 * time.Second})
		sub, err := cl.Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) { time.Sleep(time.Hour) }, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "1", "x"))
		synctest.Wait()
		start := time.Now()
		if err := sub.Unsubscribe(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		synctest.Wait()
		if got, want := s.order(), []string{"SUBSCRIBE", "UNSUBSCRIBE"}; !slices.Equal(got, want) {
			t.Errorf("got %q; want %q", got, want)
		}
		time.Sleep(time.Hour)
	})
}

func TestSubscribeRejected(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	result := async(func() error {
		_, err := c.Subscribe(t.Context(), "/nowhere", ignore, conn.SubscribeOptions{ID: "x"})
		return err
	})
	b.write("ERROR\nreceipt-id:" + header(b.read(), "receipt") + "\nmessage:no\n\n^@")
	if err := b.await(result); !errors.As(err, new(*conn.ServerError)) {
		t.Error(err)
	}
	if _, err := c.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{ID: "x", NoReceipt: true}); err != nil {
		t.Error("the id is still taken:", err)
	}
}

// "client-individual" came with 1.1.
func TestSubscribeIndividualOn10(t *testing.T) {
	c, b := session(t, overPipe, frame.Version10, conn.Config{})
	_, err := c.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if !errors.Is(err, conn.ErrAckMode) {
		t.Errorf("error %v", err)
	}
	flush(t, c, b) // nothing was sent
}

// Subscribe without a handler would drop messages.
func TestSubscribeNeedsAHandler(t *testing.T) {
	s := &fakeServer{t: t}
	if _, err := s.client(conn.Config{}).Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{}); !errors.Is(err, conn.ErrOption) {
		t.Error(err)
	}
}

// Options that do not fit are refused before anything is connected.
func TestSubscribeOptionsRefused(t *testing.T) {
	s := &fakeServer{t: t}
	c := s.client(conn.Config{})
	for name, o := range map[string]conn.SubscribeOptions{
		"ack mode":   {Ack: 7},
		"AckEvery":   {AckEvery: 2, Ack: frame.AckClientIndividual},
		"StreamOver": {StreamOver: 1},
	} {
		if _, err := c.Consume(t.Context(), "/queue/a", o); !errors.Is(err, conn.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.dialled()); n != 0 {
		t.Errorf("%d dials", n)
	}
}

// Headers can be made anew for each SUBSCRIBE, such as the offset in a stream.
func TestSubscribeHeadersFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		n := 0
		_, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{
			Headers: []frame.Field{{Name: "fixed", Value: "f"}},
			HeadersFunc: func() []frame.Field {
				n++
				return []frame.Field{{Name: "x-stream-offset", Value: fmt.Sprint("offset=", n)}}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.cut()
		time.Sleep(time.Second)
		all := s.frames("SUBSCRIBE")
		if len(all) != 2 {
			t.Fatalf("%q", all)
		}
		for i, text := range all {
			if header(text, "x-stream-offset") != fmt.Sprint("offset=", i+1) || header(text, "fixed") != "f" {
				t.Errorf("%q", text)
			}
		}
	})
}

// A HeadersFunc that panics, or makes headers that the client sets, ends Subscribe and not the client.
func TestSubscribeHeadersFuncThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		var panics atomic.Int32
		cl := s.connected(conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventPanic {
				panics.Add(1)
			}
		}})
		for _, f := range []func() []frame.Field{
			func() []frame.Field { panic("as told") },
			func() []frame.Field { return []frame.Field{{Name: "id", Value: "x"}} },
			func() []frame.Field { return []frame.Field{{Name: "k", Value: "\x00"}} },
		} {
			sub, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{HeadersFunc: f})
			if sub != nil || err == nil {
				t.Errorf("subscribed, %v", err)
			}
		}
		if !cl.Connected() || panics.Load() != 1 || len(s.frames("SUBSCRIBE")) != 0 {
			t.Errorf("%d panics, %q", panics.Load(), s.order())
		}
	})
}
