package conn_test

import (
	"context"
	"errors"
	"math"
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestConnectSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b, result := open(t, inBubble, conn.Config{ConnectTimeout: 7 * time.Second})
		b.read()
		got := <-result
		if !errors.Is(got.err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("error %v after %v", got.err, time.Since(start))
		}
		b.expectEnd()
	})
}

func TestConnectBrokerDoesNotEvenRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, result := open(t, inBubble, conn.Config{ConnectTimeout: 7 * time.Second})
		if got := <-result; !errors.Is(got.err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
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
		_, err := conn.Open(ctx, client, &conn.Config{Driver: pump.Driver{}})
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
		if got := <-result; !errors.Is(got.err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("error %v after %v", got.err, time.Since(start))
		}
		if err := <-trickle; err == nil {
			t.Error("the broker could go on")
		}
	})
}

// What CONNECT cannot represent is refused before anybody is dialled.
func TestDialRefusesCredentials(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, cfg := range []conn.Config{
		{Login: "me\npasscode:stolen"},
		{Login: "me", Passcode: "se\ncret"},
		{Login: "me", Passcode: "se\x00cret"},
		{Host: "a\nb"},
		{Headers: []frame.Field{{Name: "client-id", Value: "a\n\n"}}},
		{Headers: []frame.Field{{Name: "a:b", Value: "c"}}},
	} {
		_, err := conn.Dial(t.Context(), l.Addr().String(), &cfg)
		if !errors.Is(err, writer.ErrRefused) {
			t.Errorf("%q: error %v; want a refusal", cfg.Passcode, err)
		}
	}
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Millisecond))
	if nc, err := l.Accept(); err == nil {
		nc.Close()
		t.Error("dialled all the same")
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
	} {
		if _, err := conn.Dial(t.Context(), "127.0.0.1:1", &cfg); err == nil || errors.As(err, new(*conn.ConnectError)) {
			t.Errorf("%s: error %v; want one about the config", name, err)
		}
	}
}

func TestDialNobodyThere(t *testing.T) {
	nobody := nowhere(t)
	addr := net.JoinHostPort(nobody.Host, strconv.Itoa(int(nobody.Port)))
	_, err := conn.Dial(t.Context(), addr, nil)
	var connect *conn.ConnectError
	var op *net.OpError
	if !errors.As(err, &connect) || connect.Addr != addr || !errors.As(err, &op) {
		t.Errorf("error %v", err)
	}
}
