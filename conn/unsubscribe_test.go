package conn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// What an Acker has gathered goes out before UNSUBSCRIBE; after that there is nothing to acknowledge.
func TestUnsubscribeFlushesTheAcker(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		acker := conn.NewAcker(conn.AckerConfig{Interval: time.Hour})
		c, b := session(t, tr, frame.Version12, conn.Config{})
		handled, late := make(chan *conn.Message, 10), make(chan error, 10)
		var unsubscribed atomic.Bool
		b.subscribe(c, frame.AckClient, func(ctx context.Context, m *conn.Message) {
			if !unsubscribed.Load() {
				if err := acker.Ack(m); err != nil {
					t.Error(err)
				}
				handled <- m.Clone()
				return
			}
			tx, err := c.Begin(ctx, "")
			if err != nil {
				t.Error(err)
				return
			}
			late <- acker.Ack(m)
			late <- acker.Flush()
			late <- m.Ack()
			late <- m.Nack()
			late <- tx.Ack(m)
		})
		for i := range 3 {
			b.write(message("1", fmt.Sprint(i+1), "x"))
		}
		<-handled
		<-handled
		s := (<-handled).Subscription()
		result := async(func() error { return s.Unsubscribe(t.Context()) })
		b.expect("ACK\nid:3\n\n^@")
		text := b.read()
		if !strings.HasPrefix(text, "UNSUBSCRIBE\nid:1\n") {
			t.Fatalf("got %q", text)
		}
		unsubscribed.Store(true)
		b.write(message("1", "4", "x")) // was on its way
		for _, want := range []error{conn.ErrUnsubscribed, nil, conn.ErrUnsubscribed, conn.ErrUnsubscribed, conn.ErrUnsubscribed} {
			if err := b.await(late); !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
		}
		b.receipt(header(text, "receipt"))
		if err := b.await(result); err != nil {
			t.Error(err)
		}
		b.expect("BEGIN\ntransaction:t1\n\n^@") // and no ACK
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/b\n\n^@")
	})
}

// An interval that ends after Unsubscribe finds nothing left to acknowledge.
func TestIntervalAfterUnsubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{})
		acker := conn.NewAcker(conn.AckerConfig{Interval: time.Second, OnError: func(err error) { t.Error(err) }})
		sub, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { _ = acker.Ack(m) },
			conn.SubscribeOptions{Ack: frame.AckClient})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "1", "x"))
		synctest.Wait()
		if err := sub.Unsubscribe(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, want := s.order(), []string{"SUBSCRIBE", "ACK", "UNSUBSCRIBE"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Disconnect acknowledges what has been handled, too.
func TestDisconnectFlushesTheAcker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{OneConnection: true})
		acker := conn.NewAcker(conn.AckerConfig{Interval: time.Second, OnError: func(err error) { t.Error(err) }})
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { _ = acker.Ack(m) },
			conn.SubscribeOptions{Ack: frame.AckClient})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "1", "x"))
		synctest.Wait()
		if err := cl.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if got, want := s.order(), []string{"SUBSCRIBE", "ACK", "DISCONNECT"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		time.Sleep(time.Minute)
	})
}

// While the outbox is full, Unsubscribe waits for room for the ACK; if there comes none, all is as before.
func TestUnsubscribeWithAFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{HighWater: 100, HardLimit: 1000}})
		acker := conn.NewAcker(conn.AckerConfig{Interval: time.Hour})
		acked := make(chan error, 10)
		var sub *conn.Subscription
		b.subscribe(c, frame.AckClient, func(_ context.Context, m *conn.Message) {
			sub = m.Subscription()
			if m.ID()[0] == '1' {
				for m.Ack() == nil { // until nothing more fits
				}
			}
			acked <- acker.Ack(m)
		})
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the flusher has that, and waits for the broker
		b.write(message("1", "1", "x"))
		if err := <-acked; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := sub.Unsubscribe(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("error %v", err)
		}
		b.write(message("1", "2", "x"))
		if err := <-acked; err != nil { // it has not ended
			t.Error(err)
		}
		result := async(func() error { return sub.Unsubscribe(t.Context()) })
		synctest.Wait()
		last := ""
		for {
			text := b.read()
			if strings.HasPrefix(text, "UNSUBSCRIBE\n") {
				b.receipt(header(text, "receipt"))
				break
			}
			last = text
		}
		if err := <-result; err != nil || last != "ACK\nid:2\n\n^@" {
			t.Errorf("error %v; before UNSUBSCRIBE came %q", err, last)
		}
	})
}

// A subscription ends once, however many ask for that: a second UNSUBSCRIBE is an ERROR on all brokers.
func TestUnsubscribeTwice(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		var s *conn.Subscription
		subscribed := async(func() (err error) {
			s, err = c.Subscribe(context.Background(), "/queue/a", nil, conn.SubscribeOptions{})
			return err
		})
		b.receipt(header(b.read(), "receipt"))
		if err := b.await(subscribed); err != nil {
			t.Fatal(err)
		}
		first := async(func() error { return s.Unsubscribe(t.Context()) })
		text := b.read()
		second := async(func() error { return s.Unsubscribe(t.Context()) })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Unsubscribe(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("while it is being ended, with a context that has ended: %v", err)
		}
		b.receipt(header(text, "receipt"))
		for _, result := range []<-chan error{first, second, async(func() error { return s.Unsubscribe(t.Context()) })} {
			if err := b.await(result); err != nil {
				t.Error(err)
			}
		}
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/b\n\n^@")
	})
}

// A consumer that gave up because it was slow has unsubscribed: Close does not do it again.
func TestCloseOfASlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, consume := range map[string]func(s *fakeServer, opts conn.ConsumeOptions) (*conn.Consumer, error){
			"client": func(s *fakeServer, opts conn.ConsumeOptions) (*conn.Consumer, error) {
				return s.connected(conn.ClientConfig{OneConnection: true}).Consume(t.Context(), "/queue/a", opts)
			},
			"connection": func(s *fakeServer, opts conn.ConsumeOptions) (*conn.Consumer, error) {
				c, err := s.dial(t.Context(), &conn.Config{})
				if err != nil {
					return nil, err
				}
				t.Cleanup(func() {
					_ = c.Close()
					s.cut()
				})
				return c.Consume(t.Context(), "/queue/a", opts)
			},
		} {
			s := &fakeServer{t: t}
			co, err := consume(s, conn.ConsumeOptions{MaxMessages: 1, Overflow: conn.OverflowClose})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				s.latest().say(message("1", fmt.Sprint(i), "x"))
			}
			synctest.Wait()
			for range 2 {
				if err := co.Close(t.Context()); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if got := len(s.frames("UNSUBSCRIBE")); got != 1 {
				t.Errorf("%s: %d UNSUBSCRIBE frames", name, got)
			}
		}
	})
}

// A subscription that the broker has refused to renew is not one to end.
func TestUnsubscribeWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		lost := make(chan error, 1)
		cl := s.connected(conn.ClientConfig{OneConnection: true,
			OnSubscriptionLost: func(_ *conn.ClientSubscription, err error) { lost <- err }})
		sub, err := cl.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.set(func(s *fakeServer) {
			s.answer = func(text string) bool {
				if !strings.HasPrefix(text, "SUBSCRIBE") {
					return true
				}
				b := s.sessions[len(s.sessions)-1]
				go b.say("ERROR\nreceipt-id:" + header(text, "receipt") + "\nmessage:no\n\n^@")
				return false
			}
		})
		s.cut()
		if err := <-lost; !errors.As(err, new(*conn.ServerError)) {
			t.Errorf("error %v", err)
		}
		if err := cl.SendReceipt(t.Context(), "/queue/b", nil); err != nil { // the connection is there
			t.Fatal(err)
		}
		s.latest().say(message("1", "1", "x"))
		synctest.Wait()
		if err := sub.Unsubscribe(t.Context()); err != nil || len(s.frames("UNSUBSCRIBE")) != 0 {
			t.Errorf("error %v, %q", err, s.frames("UNSUBSCRIBE"))
		}
	})
}
