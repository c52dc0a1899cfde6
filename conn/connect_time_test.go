package conn_test

import (
	"context"
	"errors"
	"math"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// timedOut reports whether err says that something took too long, as net.Error does.
func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestConnectSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b, result := open(t, inBubble, conn.Config{ConnectTimeout: 7 * time.Second})
		b.read()
		got := <-result
		if !timedOut(got.err) || time.Since(start) != 7*time.Second {
			t.Errorf("error %v after %v", got.err, time.Since(start))
		}
		b.expectEnd()
	})
}

func TestConnectBrokerDoesNotEvenRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, result := open(t, inBubble, conn.Config{ConnectTimeout: 7 * time.Second})
		if got := <-result; !timedOut(got.err) || time.Since(start) != 7*time.Second {
			t.Errorf("error %v after %v", got.err, time.Since(start))
		}
	})
}

func TestConnectCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, broker := net.Pipe()
		defer broker.Close()
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		cfg := conn.Config{Driver: pump.Driver{}}
		_, err := conn.Dial(ctx, brokerURI, single(cfg, client))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// A peer that sends CONNECTED a byte at a time does not get more time than one that sends nothing.
func TestConnectTrickle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b, result := open(t, inBubble, conn.Config{ConnectTimeout: 7 * time.Second})
		b.read()
		trickle := async(func() error {
			for _, octet := range []byte("CONNECTED\nversion:1.2\n\n\x00") {
				if _, err := b.nc.Write([]byte{octet}); err != nil {
					return err
				}
				time.Sleep(time.Second)
			}
			return nil
		})
		if got := <-result; !timedOut(got.err) || time.Since(start) != 7*time.Second {
			t.Errorf("error %v after %v", got.err, time.Since(start))
		}
		if err := <-trickle; err == nil {
			t.Error("the broker could go on")
		}
	})
}

// undialled is a DialFunc that must not be called.
func undialled(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled all the same")
		return nil, errRefused
	}
}

// Credentials that CONNECT cannot represent are refused before the first dial.
func TestDialRefusesCredentials(t *testing.T) {
	for _, cfg := range []conn.Config{
		{Login: "me\npasscode:stolen"},
		{Login: "me", Passcode: "se\ncret"},
		{Login: "me", Passcode: "se\x00cret"},
		{Host: "a\nb"},
		{ClientID: "a\n\n"},
		{Headers: []frame.Field{{Name: "x-own", Value: "a\n\n"}}},
		{Headers: []frame.Field{{Name: "a:b", Value: "c"}}},
	} {
		cfg.DialFunc = undialled(t)
		if _, err := conn.Dial(t.Context(), brokerURI, &cfg); !errors.Is(err, writer.ErrRefused) {
			t.Errorf("%q: error %v; want a refusal", cfg.Passcode, err)
		}
	}
}

func TestDialRefusesConfig(t *testing.T) {
	for name, cfg := range map[string]conn.Config{
		"versions":      {Versions: 1},
		"receive scale": {ReceiveScale: 0.5},
		"not a number":  {ReceiveScale: math.NaN()},
		"infinite":      {ReceiveScale: math.Inf(1)},
		"receipt":       {Headers: []frame.Field{{Name: "receipt", Value: "1"}}},
		"own field":     {Headers: []frame.Field{{Name: "passcode", Value: "1"}}},
		"client-id":     {Headers: []frame.Field{{Name: "client-id", Value: "1"}}},
		"producers":     {Producers: 65},
		"shared":        {Producers: 2, OneConnection: true},
		"broker":        {Broker: 99},
		"limits":        {},
	} {
		if name == "limits" {
			cfg.Link.Limits.Headers = -1
		}
		cfg.DialFunc = undialled(t)
		if _, err := conn.Dial(t.Context(), brokerURI, &cfg); err == nil || errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: error %v; want one about the config", name, err)
		}
	}
}

// When Connect returns, calls may use the connection, also if Connect was called while it was being made.
func TestConnectReturnsWhenCallsMayUseTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.client(conn.Config{OneConnection: true, Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventConnected {
				time.Sleep(time.Second) // calls may use the connection when this returns
			}
		}})
		first := async(func() error { return cl.Connect(t.Context()) })
		synctest.Wait() // until Trace sleeps
		if err := cl.Connect(t.Context()); err != nil || len(cl.Sessions()) != 1 {
			t.Errorf("%v, %d sessions", err, len(cl.Sessions()))
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

// Connect does not take a connection that has just ended for one that is established.
func TestConnectWhileTheConnectionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		again := make(chan error, 1)
		var cl *conn.Client
		cl = s.client(conn.Config{OneConnection: true, Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind != conn.EventDisconnected {
				return
			}
			s.set(func(s *fakeServer) { s.refuse = -1 })
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				again <- cl.Connect(ctx)
			}()
			time.Sleep(time.Second) // the core learns of the end when this returns
		}})
		if err := cl.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.cut()
		if err := <-again; !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
