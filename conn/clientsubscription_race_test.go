package conn_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// A broker may take longer for the first SUBSCRIBE of a connection than ConnectTimeout. No other
// call waits for that SUBSCRIBE.
func TestClientSubscribeWaitsForASlowBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{OneConnection: true, ConnectTimeout: time.Second, ReceiptTimeout: time.Hour})
		s.set(func(s *fakeServer) { s.refuse = 3 })
		s.cut() // so that it is asked for while the lane restores
		synctest.Wait()
		result := async(func() error {
			_, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{})
			return err
		})
		if err := cl.Send(t.Context(), "/queue/b", []byte("meanwhile")); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if len(result) != 0 {
			t.Fatalf("Subscribe has returned %v", <-result)
		}
		s.latest().receipt(header(s.frames("SUBSCRIBE")[0], "receipt"))
		if err := <-result; err != nil {
			t.Error(err)
		}
		if got := s.order(); len(got) != 2 || got[0] != "SUBSCRIBE" || got[1] != "SEND meanwhile" {
			t.Errorf("the broker got %q", got)
		}
	})
}

// If the connection is lost before the first confirmation, the subscription is asked for again, until the broker says
// something.
func TestClientSubscribeOverLosses(t *testing.T) {
	for _, refused := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t, answer: never}
			cl := s.connected(conn.Config{OneConnection: true})
			result := async(func() error {
				_, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{})
				return err
			})
			time.Sleep(time.Second)
			s.cut()
			time.Sleep(time.Second)
			if asked := s.frames("SUBSCRIBE"); len(asked) != 2 || len(result) != 0 {
				t.Fatalf("subscribed %d times, %d results", len(asked), len(result))
			}
			s.set(func(s *fakeServer) {
				s.log, s.answer = nil, nil
				if refused {
					s.answer = func(text string) bool { s.reject(text); return false }
				}
			})
			s.cut()
			if err := <-result; errors.As(err, new(*conn.ServerError)) != refused || (err == nil) == refused {
				t.Errorf("refused %t: %v", refused, err)
			}
			time.Sleep(time.Minute)
			if n := len(s.frames("SUBSCRIBE")); n != 1 {
				t.Errorf("refused %t: subscribed %d times", refused, n)
			}
		})
	}
}

// When a SUBSCRIBE ends one connection after the other, the client tries it apart from the other
// subscriptions for as long as its caller waits. The caller then gets the reason.
func TestClientSubscribeThatEndsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		s.ends = func(text string) bool { return header(text, "destination") == "/queue/bad" }
		cl := s.connected(conn.Config{})
		if _, err := cl.Subscribe(t.Context(), "/queue/good", ignore, conn.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		bad := async(func() error {
			_, err := cl.Subscribe(ctx, "/queue/bad", ignore, conn.SubscribeOptions{})
			return err
		})
		time.Sleep(time.Minute)
		if got := cl.Sessions(); len(got) != 2 || !cl.Connected() {
			t.Errorf("connected %t, %+v", cl.Connected(), got)
		}
		if err := <-bad; !errors.Is(err, io.EOF) {
			t.Errorf("error %v", err)
		}
		s.set(func(s *fakeServer) { s.log = nil })
		time.Sleep(time.Hour)
		if got := s.order(); len(got) > 1 || !cl.Connected() { // the good one may be asked for again
			t.Errorf("connected %t; the broker got %q", cl.Connected(), got)
		}
	})
}

// What could not be represented was never asked for, so it is not ended either.
func TestClientSubscriptionThatWasNeverAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		for _, none := range []bool{false, true} {
			_, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{ID: "x", NoReceipt: none,
				Headers: []frame.Field{{Name: "k", Value: "\x00"}}})
			if !errors.Is(err, writer.ErrRefused) {
				t.Errorf("error %v", err)
			}
		}
		synctest.Wait()
		if got := s.order(); len(got) != 0 {
			t.Errorf("the broker got %q", got)
		}
		if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{ID: "x"}); err != nil {
			t.Errorf("its id is in use: %v", err)
		}
	})
}

// restoringSlowly has a client with these subscriptions lose its connection, and the broker take the first SUBSCRIBE of the
// next one only when it is told to go on: the fourth waits for room in the outbox, and the lane for that.
func restoringSlowly(t *testing.T, ids ...string) (s *fakeServer, last *conn.Subscription, goOn func()) {
	t.Helper()
	s = &fakeServer{t: t}
	cl := s.connected(conn.Config{OneConnection: true, Link: link.Options{HighWater: 10}})
	for _, id := range ids {
		sub, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		last = sub
	}
	hold := make(chan struct{})
	s.set(func(s *fakeServer) {
		s.log = nil
		s.answer = func(text string) bool {
			if strings.HasPrefix(text, "SUBSCRIBE") {
				s.mu.Unlock()
				<-hold
				s.mu.Lock()
			}
			return true
		}
	})
	s.cut()
	time.Sleep(time.Second)
	return s, last, func() { close(hold) }
}

// Unsubscribing while the lane is about to subscribe again leaves nothing behind at the broker.
func TestClientUnsubscribeWhileRestoring(t *testing.T) {
	for _, ids := range [][]string{{"1st", "2nd", "3rd", "last"}, {"1st", "2nd", "3rd", "4th", "last"}} {
		synctest.Test(t, func(t *testing.T) {
			s, last, goOn := restoringSlowly(t, ids...)
			result := async(func() error { return last.Unsubscribe(t.Context()) })
			synctest.Wait()
			goOn()
			if err := <-result; err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			subscribed, dials := false, len(s.dialled())
			s.set(func(s *fakeServer) {
				for _, text := range s.log {
					if header(text, "id") == "last" {
						subscribed = strings.HasPrefix(text, "SUBSCRIBE")
					}
				}
			})
			if subscribed || dials != 2 || len(s.frames("SUBSCRIBE")) < len(ids)-1 {
				t.Errorf("%d dials, subscribed %t: the broker got %q", dials, subscribed, s.order())
			}
		})
	}
}

// Unsubscribe under an ended context still ends the subscription at the broker. Otherwise the
// broker would go on delivering in mode auto, and the messages would be lost.
func TestUnsubscribeForGoodUnderAnEndedContext(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		sub, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		co, err := cl.Consume(t.Context(), "/queue/b", conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.set(func(s *fakeServer) { s.answer = never }) // an answer could be faster than the context
		for i, end := range []func(context.Context) error{sub.Unsubscribe, co.Unsubscribe} {
			if err := end(ended); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			synctest.Wait()
			if n := len(s.frames("UNSUBSCRIBE")); n != i+1 {
				t.Errorf("%d UNSUBSCRIBE frames after %d ends", n, i+1)
			}
		}
		s.cut()
		time.Sleep(time.Minute)
		if n := len(s.frames("SUBSCRIBE")); n != 2 || !cl.Connected() {
			t.Errorf("subscribed %d times, %v", n, cl.Connected())
		}
	})
}

// What is refused in a handler changes nothing: the subscription goes on, and is renewed.
func TestClientUnsubscribeInHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		co, err := cl.Consume(t.Context(), "/queue/b", conn.SubscribeOptions{ID: "co"})
		if err != nil {
			t.Fatal(err)
		}
		subs := make(chan *conn.Subscription, 1)
		results := make(chan error, 2)
		sub, err := cl.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, _ *conn.Message) {
			sub := <-subs
			results <- sub.Unsubscribe(ctx)
			results <- co.Unsubscribe(ctx)
		}, conn.SubscribeOptions{ID: "sub"})
		if err != nil {
			t.Fatal(err)
		}
		subs <- sub
		s.latest().say(message("sub", "1", "x"))
		for range 2 {
			if err := <-results; !errors.Is(err, conn.ErrWouldBlock) {
				t.Errorf("error %v", err)
			}
		}
		s.cut()
		time.Sleep(time.Minute)
		if n := len(s.frames("SUBSCRIBE")); n != 4 || len(s.frames("UNSUBSCRIBE")) != 0 {
			t.Errorf("the broker got %q", s.order())
		}
		s.latest().say(message("co", "2", "pulled"))
		m, err := co.Next(t.Context())
		if err != nil || string(m.Body) != "pulled" {
			t.Fatal(err)
		}
		m.Release()
		for _, end := range []func(context.Context) error{sub.Unsubscribe, co.Unsubscribe} {
			if err := end(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := len(s.frames("UNSUBSCRIBE")); n != 2 {
			t.Errorf("%d UNSUBSCRIBE frames", n)
		}
	})
}
