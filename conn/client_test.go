package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// steps records the events of connections, and of the client.
type steps struct {
	mu  sync.Mutex
	all []string
}

func (s *steps) trace(_ context.Context, e *conn.Event) {
	switch e.Kind {
	case conn.EventConnecting, conn.EventConnected, conn.EventRetry, conn.EventDisconnecting, conn.EventDisconnected:
	default:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, fmt.Sprintf("%s: %v", e.Connection, e.Kind))
}

// expect holds the steps since the last call against want.
func (s *steps) expect(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.all, want) {
		t.Errorf("steps:\n%s\nwant:\n%s", strings.Join(s.all, "\n"), strings.Join(want, "\n"))
	}
	s.all = nil
}

func TestClientStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, refuse: 1}
		var seen steps
		cl := s.client(conn.Config{Trace: seen.trace, Backoff: conn.Backoff{Jitter: -1}})
		time.Sleep(time.Hour)
		if cl.Connected() || len(s.dialled()) != 0 {
			t.Errorf("a client that was not used is connected %t", cl.Connected())
		}
		begin := time.Now()
		if err := cl.Connect(t.Context()); err != nil || !cl.Connected() {
			t.Fatal(err, cl.Connected())
		}
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("connected after %v", took)
		}
		s.cut()
		synctest.Wait()
		if cl.Connected() || len(cl.Sessions()) != 0 {
			t.Error("connected")
		}
		time.Sleep(time.Second)
		if !cl.Connected() || len(cl.Sessions()) != 1 || cl.Err() != nil {
			t.Error("not connected", cl.Err())
		}
		if err := cl.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		seen.expect(t,
			"producer 1: retry",
			"producer 1: connecting",
			"producer 1: connected",
			"producer 1: disconnected",
			"producer 1: retry",
			"producer 1: connecting",
			"producer 1: connected",
			"producer 1: disconnecting",
			"producer 1: disconnected")
		if err := cl.Err(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Err %v", err)
		}
		_ = cl.Close()
		if err := cl.Disconnect(t.Context()); err != nil {
			t.Errorf("Disconnect again: %v", err)
		}
		if n := len(s.frames("DISCONNECT")); n != 1 {
			t.Errorf("%d DISCONNECT frames", n)
		}
		if err := cl.Send(t.Context(), "/queue/a", nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Send after the end: %v", err)
		}
		if err := cl.Connect(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Connect after the end: %v", err)
		}
	})
}

// The first use of a client has it connect.
func TestFirstUseConnects(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context, c *conn.Client) error{
		"Send":        func(ctx context.Context, c *conn.Client) error { return c.Send(ctx, "/queue/a", nil) },
		"SendReceipt": func(ctx context.Context, c *conn.Client) error { return c.SendReceipt(ctx, "/queue/a", nil) },
		"Subscribe": func(ctx context.Context, c *conn.Client) error {
			_, err := c.Subscribe(ctx, "/queue/a", ignore, conn.SubscribeOptions{})
			return err
		},
		"Begin": func(ctx context.Context, c *conn.Client) error { _, err := c.Begin(ctx, ""); return err },
		"Producer.Send": func(ctx context.Context, c *conn.Client) error {
			p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a"})
			if err == nil {
				_, err = p.Send(ctx, nil)
			}
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t}
			if err := use(t.Context(), s.client(conn.Config{})); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// The pauses between dials are those of the formula, and the first connection is given up after three rounds.
func TestClientGivesUp(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  conn.Config
		want []time.Duration // since the first dial
	}{
		{"by default after three", conn.Config{}, []time.Duration{0, 100e6, 250e6}},
		{"when told", conn.Config{Attempts: 5}, []time.Duration{0, 100e6, 250e6, 475e6, 812500e3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t, refuse: -1}
				c.cfg.Backoff.Jitter = -1
				cl := s.client(c.cfg)
				err := cl.Connect(t.Context())
				if !errors.Is(err, errRefused) || !errors.Is(err, net.ErrClosed) {
					t.Errorf("error %v", err)
				}
				var got []time.Duration
				for _, at := range s.dialled() {
					got = append(got, at.Sub(s.dialled()[0]).Round(100*time.Microsecond))
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("dialled after %v, want %v", got, c.want)
				}
				<-cl.Done()
			})
		})
	}
}

func TestClientKeepsTryingAfterALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		s.set(func(s *fakeServer) { s.refuse = 100 })
		s.cut()
		time.Sleep(2 * time.Hour)
		if !cl.Connected() || len(s.dialled()) != 102 {
			t.Errorf("connected %v after %d dials", cl.Connected(), len(s.dialled()))
		}
	})
}

func TestClientNoReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{NoReconnect: true})
		s.cut()
		<-cl.Done()
		if err := cl.Err(); !errors.Is(err, net.ErrClosed) || len(s.dialled()) != 1 {
			t.Errorf("error %v, %d dials", err, len(s.dialled()))
		}
	})
}

// A broker that takes connections and ends them at once is not dialled faster and faster.
func TestClientBacksOffFromAFlappingBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		s.connected(conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventConnected {
				go s.cut()
			}
		}})
		time.Sleep(10 * time.Minute)
		if n := len(s.dialled()); n > 30 {
			t.Errorf("%d dials in ten minutes", n)
		}
	})
}

func TestClientConnectTimesOutAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, refuse: 10}
		cl := s.client(conn.Config{Attempts: -1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := cl.Connect(ctx)
		if !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errRefused) {
			t.Errorf("error %v", err)
		}
		if err := cl.Connect(t.Context()); err != nil {
			t.Errorf("error %v", err)
		}
	})
}

func TestClientSendWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{Backoff: conn.Backoff{Initial: time.Minute}})
		s.cut()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := cl.Send(ctx, "/queue/a", []byte("late"))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, conn.ErrNotConnected) || time.Since(begin) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(begin))
		}
		for _, send := range []func() error{
			func() error { return cl.Send(t.Context(), "/queue/a", []byte("plain")) },
			func() error { return cl.SendReceipt(t.Context(), "/queue/a", []byte("confirmed")) },
			func() error {
				tx, err := cl.Begin(t.Context(), "")
				if err != nil {
					return err
				}
				return tx.Commit(t.Context())
			},
		} {
			if err := send(); err != nil {
				t.Error(err)
			}
		}
		if want := []string{"SEND plain", "SEND confirmed", "BEGIN", "COMMIT"}; !slices.Equal(s.order(), want) {
			t.Errorf("the broker got %q", s.order())
		}
	})
}

func TestClientFailsFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{FailFast: true})
		if err := cl.Send(t.Context(), "/queue/a", nil); err != nil {
			t.Error(err)
		}
		s.set(func(s *fakeServer) { s.refuse = -1 })
		s.cut()
		synctest.Wait()
		begin := time.Now()
		if err := cl.Send(t.Context(), "/queue/a", nil); !errors.Is(err, conn.ErrNotConnected) {
			t.Errorf("error %v", err)
		}
		if time.Since(begin) != 0 {
			t.Errorf("failed after %v", time.Since(begin))
		}
	})
}

func TestClientSendReceiptIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: func(string) bool { return false }}
		cl := s.connected(conn.Config{})
		result := async(func() error { return cl.SendReceipt(t.Context(), "/queue/a", []byte("once")) })
		synctest.Wait()
		s.cut()
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("error %v", err)
		}
		time.Sleep(time.Minute)
		if n := len(s.frames("SEND")); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestClientRefusesBadHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		if err := cl.Send(t.Context(), "/queue/a", nil, frame.Field{Name: "", Value: "x"}); !errors.Is(err, writer.ErrRefused) {
			t.Errorf("error %v", err)
		}
	})
}

// What goes to one destination goes over one connection.
func TestClientSpreadsDestinations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{Producers: 4})
		if len(s.dialled()) != 4 {
			t.Fatalf("%d connections", len(s.dialled()))
		}
		for i := range 100 {
			for range 10 {
				if err := cl.Send(t.Context(), fmt.Sprint("/queue/", i), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		synctest.Wait()
		if n := len(s.frames("SEND")); n != 1000 {
			t.Errorf("%d frames", n)
		}
	})
}

func TestClientThatWasNeverStarted(t *testing.T) {
	s := &fakeServer{t: t}
	cl := s.client(conn.Config{})
	if err := cl.Disconnect(t.Context()); err != nil {
		t.Error(err)
	}
	<-cl.Done()
}
