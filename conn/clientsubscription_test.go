package conn_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// After a loss the subscriptions come first, each with its id and headers, then what waited to be sent.
func TestClientSubscribesAgainBeforeItSends(t *testing.T) {
	for _, one := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t}
			cl := s.connected(conn.Config{OneConnection: one})
			for _, opts := range []conn.SubscribeOptions{
				// The last has a receipt: only that holds back what goes over another connection.
				{}, {NoReceipt: true}, {ID: "mine", Ack: frame.AckClient, Headers: []frame.Field{{Name: "prefetch-count", Value: "7"}}},
			} {
				if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, opts); err != nil {
					t.Fatal(err)
				}
			}
			gone, err := cl.Subscribe(t.Context(), "/queue/b", ignore, conn.SubscribeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := gone.Unsubscribe(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := s.frames("SUBSCRIBE")
			s.set(func(s *fakeServer) { s.log = nil; s.refuse = 3 })
			s.cut()
			synctest.Wait()
			sent := async(func() error { return cl.Send(t.Context(), "/queue/a", []byte("waited")) })
			if err := <-sent; err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if want := []string{"SUBSCRIBE", "SUBSCRIBE", "SUBSCRIBE", "SEND waited"}; !slices.Equal(s.order(), want) {
				t.Errorf("one connection %v: the broker got %q", one, s.order())
			}
			for i, again := range s.frames("SUBSCRIBE") {
				if stripReceipt(again) != stripReceipt(before[i]) {
					t.Errorf("subscribed with\n%s\nthen\n%s", before[i], again)
				}
			}
			err = cl.Disconnect(t.Context())
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Consuming has a connection of its own, made when it is first needed.
func TestClientConsumesOnItsOwnConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		if len(s.dialled()) != 1 {
			t.Errorf("%d connections before the first Subscribe", len(s.dialled()))
		}
		if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		if len(s.dialled()) != 2 {
			t.Errorf("%d connections after it", len(s.dialled()))
		}
	})
}

func TestClientSubscribeWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.client(conn.Config{Attempts: -1})
		s.refuse = 5
		if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{}); err != nil {
			t.Error(err)
		}
		if n := len(s.frames("SUBSCRIBE")); n != 1 {
			t.Errorf("subscribed %d times", n)
		}
		s.set(func(s *fakeServer) { s.refuse = -1 })
		s.cut()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := cl.Subscribe(ctx, "/queue/b", ignore, conn.SubscribeOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		s.set(func(s *fakeServer) { s.refuse = 0 })
		time.Sleep(2 * time.Minute)
		if n := len(s.frames("SUBSCRIBE")); n != 2 {
			t.Errorf("subscribed %d times: what was given up came back", n)
		}
	})
}

// The first SUBSCRIBE may be refused, which is the caller's to know; a later one is tried again with growing pauses, and
// given up after a minute, which OnEnd is told.
func TestClientSubscribeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		type end struct {
			s   *conn.Subscription
			err error
		}
		lost := make(chan end, 10)
		var mu sync.Mutex
		var events []error
		cl := s.connected(conn.Config{OneConnection: true, Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventSubscription {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, e.Err)
			}
		}})
		refuse := func(on bool) {
			s.set(func(s *fakeServer) {
				s.answer = nil
				if on {
					s.answer = func(text string) bool {
						if !strings.HasPrefix(text, "SUBSCRIBE") {
							return true
						}
						s.reject(text)
						return false
					}
				}
			})
		}
		opts := conn.SubscribeOptions{OnEnd: func(s *conn.Subscription, err error) { lost <- end{s, err} }}
		refuse(true)
		var refusal *conn.ServerError
		if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, opts); !errors.As(err, &refusal) {
			t.Errorf("error %v", err)
		}
		refuse(false)
		sub, err := cl.Subscribe(t.Context(), "/queue/a", ignore, opts)
		if err != nil {
			t.Fatal(err)
		}
		// One that was confirmed once may be refused later, and come back.
		refuse(true)
		s.cut()
		time.Sleep(10 * time.Second)
		refuse(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		mu.Lock()
		if n := len(events); n < 3 || !errors.As(events[0], &refusal) || events[n-1] != nil || sub.Err() != nil {
			t.Errorf("events %v, %v", events, sub.Err())
		}
		mu.Unlock()
		// Or not.
		refuse(true)
		s.cut()
		time.Sleep(3 * time.Minute)
		select {
		case e := <-lost:
			if e.s != sub || !errors.As(e.err, &refusal) || !errors.As(sub.Err(), &refusal) {
				t.Errorf("ended with %v, Err %v", e.err, sub.Err())
			}
		default:
			t.Error("OnEnd was not called")
		}
		n := len(s.frames("SUBSCRIBE"))
		time.Sleep(time.Hour)
		if again := len(s.frames("SUBSCRIBE")); again != n || n > 40 || len(lost) != 0 || !cl.Connected() {
			t.Errorf("%d SUBSCRIBE frames, then %d more; told %d times more", n, again-n, len(lost))
		}
		if err := sub.Unsubscribe(t.Context()); err != nil || len(s.frames("UNSUBSCRIBE")) != 0 {
			t.Errorf("Unsubscribe of what has ended: %v, %q", err, s.frames("UNSUBSCRIBE"))
		}
	})
}

// The end of a subscription may be answered by another one, from OnEnd.
func TestSubscribeInOnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		result := make(chan error, 1)
		_, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{OnEnd: func(*conn.Subscription, error) {
			_, err := cl.Subscribe(t.Context(), "/queue/b", ignore, conn.SubscribeOptions{})
			result <- err
		}})
		if err != nil {
			t.Fatal(err)
		}
		s.set(func(s *fakeServer) {
			s.answer = func(text string) bool {
				if header(text, "destination") != "/queue/a" {
					return true
				}
				s.reject(text)
				return false
			}
		})
		s.cut()
		time.Sleep(3 * time.Minute)
		select {
		case err := <-result:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("Subscribe hangs in OnEnd")
		}
	})
}

// A message can be acknowledged only where it was delivered: after that connection there is nothing to acknowledge.
func TestClientAckOfAnEarlierConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		kept := make(chan *conn.Message, 1)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { kept <- m.Retain() },
			conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "a"))
		m := <-kept
		s.cut()
		time.Sleep(time.Second)
		if err := m.Ack(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Ack: %v", err)
		}
		if err := m.Nack(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Nack: %v", err)
		}
		if _, err := m.Begin(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Begin: %v", err)
		}
		tx, err := cl.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Ack(m.Token()); !errors.Is(err, conn.ErrOption) {
			t.Errorf("Ack in a transaction of another connection: %v", err)
		}
		m.Release()
		synctest.Wait()
		if n := len(s.frames("ACK")) + len(s.frames("NACK")); n != 0 {
			t.Errorf("%d acknowledgements", n)
		}
		s.latest().say(message("1", "m1", "a"))
		m = <-kept
		defer m.Release()
		if m.Ack() != nil {
			t.Error("the redelivered message cannot be acknowledged")
		}
	})
}

// A handler that is still busy with a message of the connection before does not run twice at a time, and does not keep the
// client from coming back.
func TestClientHandlersDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		running, most, handled := make(chan struct{}, 10), new(atomic.Int32), new(atomic.Int32)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) {
			running <- struct{}{}
			most.Store(max(most.Load(), int32(len(running))))
			time.Sleep(time.Hour)
			handled.Add(1)
			<-running
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "a"))
		time.Sleep(time.Minute)
		s.cut()
		// Nothing reads the connection, so only a write notices the cut.
		if err := cl.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if !cl.Connected() {
			t.Errorf("a busy handler keeps the client %v", cl.Connected())
		}
		s.latest().say(message("1", "m1", "a"))
		time.Sleep(3 * time.Hour)
		if most.Load() != 1 || handled.Load() != 2 {
			t.Errorf("handled %d messages, %d at a time", handled.Load(), most.Load())
		}
	})
}

// On a connection that is being restored, a handler may send on that connection: it would wait for itself otherwise.
func TestClientSendInHandlerOfAConnectionBeingRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		sent := make(chan error, 1)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) {
			sent <- cl.Send(ctx, "/queue/b", m.Body)
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.set(func(s *fakeServer) { s.answer = func(string) bool { return false } })
		s.cut()
		time.Sleep(time.Second)
		s.latest().say(message("1", "m1", "answer"))
		if err := <-sent; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if want := "SEND answer"; !slices.Contains(s.order(), want) || !cl.Connected() {
			t.Errorf("the broker got %q, %v", s.order(), cl.Connected())
		}
	})
}

// A subscription that was reported as failed must not stay at the broker, whichever call asked for
// it: in mode auto its messages would be lost.
func TestClientSubscriptionThatTimedOutIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		before bool          // something is subscribed already, so that the connection is there
		limit  time.Duration // of the caller
		took   time.Duration
	}{
		"on a connection that is there":                  {true, time.Second, time.Second},
		"on a new connection":                            {false, time.Second, time.Second},
		"on a connection that is there, without a limit": {true, time.Hour, 20 * time.Second},
		"on a new connection, without a limit":           {false, time.Hour, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t}
				cl := s.connected(conn.Config{ReceiptTimeout: 20 * time.Second})
				if c.before {
					if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				s.set(func(s *fakeServer) { s.answer = never })
				ctx, cancel := context.WithTimeout(t.Context(), c.limit)
				defer cancel()
				called, began := false, time.Now()
				_, err := cl.Subscribe(ctx, "/queue/b", func(context.Context, *conn.Message) { called = true },
					conn.SubscribeOptions{ID: "late"})
				if took := time.Since(began); !errors.Is(err, conn.ErrUnknownOutcome) || took != c.took {
					t.Fatalf("error %v after %v", err, took)
				}
				synctest.Wait()
				if n := len(s.frames("UNSUBSCRIBE")); n != 1 {
					t.Errorf("%d UNSUBSCRIBE frames", n)
				}
				s.latest().say(message("late", "1", "for nobody"))
				synctest.Wait()
				if called {
					t.Error("the handler was called")
				}
				s.set(func(s *fakeServer) { s.log, s.answer = nil, nil })
				s.cut()
				time.Sleep(time.Minute)
				for _, text := range s.frames("SUBSCRIBE") {
					if header(text, "id") == "late" {
						t.Error("subscribed again")
					}
				}
			})
		})
	}
}
