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

func TestNewClientRefuses(t *testing.T) {
	dial := (&fakeServer{t: t}).dial
	for name, cfg := range map[string]conn.ClientConfig{
		"no dial":     {},
		"producers":   {Dial: dial, Producers: 65},
		"shared":      {Dial: dial, Producers: 2, OneConnection: true},
		"credentials": {Dial: dial, Conn: conn.Config{Passcode: "a\nb"}},
	} {
		if _, err := conn.NewClient(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// steps records what OnState says.
type steps struct {
	mu  sync.Mutex
	all []string
}

func (s *steps) note(c conn.StateChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, fmt.Sprintf("%s: %v → %v", c.Lane, c.From, c.To))
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
		ends := make(chan error, 10)
		cl := s.client(conn.ClientConfig{OnState: seen.note, OnClose: func(err error) { ends <- err },
			Backoff: conn.Backoff{Jitter: -1}})
		if cl.State() != conn.StateNew || cl.IsConnected() {
			t.Errorf("state %v", cl.State())
		}
		begin := time.Now()
		if err := cl.Start(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if cl.State() != conn.StateBackingOff {
			t.Errorf("state %v", cl.State())
		}
		if err := cl.Connect(t.Context()); err != nil || !cl.IsConnected() {
			t.Fatal(err, cl.State())
		}
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("connected after %v", took)
		}
		s.cut()
		synctest.Wait()
		if cl.IsConnected() {
			t.Error("connected")
		}
		time.Sleep(time.Second)
		if err := cl.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		seen.expect(t,
			"producer 1: new → connecting",
			"producer 1: connecting → backing off",
			"producer 1: backing off → connecting",
			"producer 1: connecting → connected",
			"producer 1: connected → lost",
			"producer 1: lost → backing off",
			"producer 1: backing off → connecting",
			"producer 1: connecting → connected",
			"producer 1: connected → closing",
			"producer 1: closing → closed")
		if err := <-ends; !errors.Is(err, net.ErrClosed) || err.Error() != cl.Err().Error() {
			t.Errorf("OnClose(%v), Err %v", err, cl.Err())
		}
		_ = cl.Close()
		if err := cl.Disconnect(t.Context()); err != nil {
			t.Errorf("Disconnect again: %v", err)
		}
		if len(ends) != 0 {
			t.Error("OnClose was called twice")
		}
		if n := len(s.frames("DISCONNECT")); n != 1 {
			t.Errorf("%d DISCONNECT frames", n)
		}
		if err := cl.Send(t.Context(), "/queue/a", nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Send after the end: %v", err)
		}
		if err := cl.Start(); !errors.Is(err, net.ErrClosed) || cl.State() != conn.StateClosed {
			t.Errorf("Start after the end: %v", err)
		}
	})
}

// The pauses between dials are those of the formula, and the first connection is given up after three rounds.
func TestClientGivesUp(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  conn.ClientConfig
		want []time.Duration // since the first dial
	}{
		{"by default after three", conn.ClientConfig{}, []time.Duration{0, 100e6, 250e6}},
		{"when told", conn.ClientConfig{Attempts: 5}, []time.Duration{0, 100e6, 250e6, 475e6, 812500e3}},
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
		cl := s.connected(conn.ClientConfig{})
		s.set(func(s *fakeServer) { s.refuse = 100 })
		s.cut()
		time.Sleep(2 * time.Hour)
		if !cl.IsConnected() || len(s.dialled()) != 102 {
			t.Errorf("%v after %d dials", cl.State(), len(s.dialled()))
		}
	})
}

func TestClientNoReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{NoReconnect: true})
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
		s.connected(conn.ClientConfig{OnState: func(c conn.StateChange) {
			if c.To == conn.StateConnected {
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
		cl := s.client(conn.ClientConfig{Attempts: -1})
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
		cl := s.connected(conn.ClientConfig{Backoff: conn.Backoff{Initial: time.Minute}})
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
		cl := s.connected(conn.ClientConfig{FailFast: true})
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
		cl := s.connected(conn.ClientConfig{})
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
		cl := s.connected(conn.ClientConfig{})
		if err := cl.Send(t.Context(), "/queue/a", nil, frame.Field{Name: "", Value: "x"}); !errors.Is(err, writer.ErrRefused) {
			t.Errorf("error %v", err)
		}
	})
}

// What goes to one destination goes over one connection.
func TestClientSpreadsDestinations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{Producers: 4})
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

func TestClientDisconnectHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: func(string) bool { return false }}
		cl := s.connected(conn.ClientConfig{Conn: conn.Config{DisconnectTimeout: 3 * time.Second}})
		p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.SendResult(t.Context(), []byte("a"))
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		err = cl.Disconnect(t.Context())
		if !errors.Is(err, conn.ErrUnknownOutcome) || time.Since(begin) != 3*time.Second {
			t.Errorf("error %v after %v", err, time.Since(begin))
		}
		<-cl.Done()
		if o, err := r.Wait(t.Context()); err != nil || o.Status != conn.Unknown {
			t.Errorf("outcome %v, %v", o, err)
		}
	})
}

func TestClientThatWasNeverStarted(t *testing.T) {
	s := &fakeServer{t: t}
	cl := s.client(conn.ClientConfig{})
	if err := cl.Disconnect(t.Context()); err != nil {
		t.Error(err)
	}
	<-cl.Done()
}
