package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// dialled returns the session that d makes, and closes it with the test.
func dialled(t testing.TB, d *conn.Dialer, cfg *conn.Config) *conn.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := d.Dial(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// inOrder is a dialer without the help that local addresses get: one round.
func inOrder(addrs ...conn.Address) *conn.Dialer {
	return &conn.Dialer{Addresses: addrs, KeepOrder: true, NoLoopback: true, MaxRounds: 1}
}

func TestDialerPassesOver(t *testing.T) {
	good := tiny(t, accepting)
	var refusal *conn.ServerError
	for _, c := range []struct {
		name string
		bad  func(t *testing.T) conn.Address
		is   func(err error) bool
	}{
		{"nobody listens", func(t *testing.T) conn.Address { return nowhere(t) },
			func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		{"ERROR", func(t *testing.T) conn.Address { return at(tiny(t, refusing)) },
			func(err error) bool { return errors.As(err, &refusal) && refusal.Message == "no such user" }},
		{"closes at once", func(t *testing.T) conn.Address { return at(tiny(t, closing)) },
			func(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) }},
		{"never answers", func(t *testing.T) conn.Address { return at(tiny(t, silent)) },
			func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		{"speaks something else", func(t *testing.T) conn.Address { return at(tiny(t, notSTOMP)) },
			func(err error) bool { return errors.Is(err, frame.ErrProtocol) }},
		{"does not resolve", func(*testing.T) conn.Address { return conn.Address{Host: strings.Repeat("x", 64) + ".invalid"} }, // no server is asked
			func(err error) bool { return errors.As(err, new(*net.DNSError)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := conn.Config{ConnectTimeout: time.Minute}
			bad := c.bad(t)
			d := inOrder(bad, at(good))
			if c.name == "never answers" {
				cfg.ConnectTimeout = 200 * time.Millisecond
				d.MaxRounds = -1 // that may be too short for the good one, too
			}
			if s := dialled(t, d, &cfg); s.Server() != "tiny" {
				t.Errorf("session with %q", s.Server())
			}
			_, err := inOrder(bad).Dial(t.Context(), &cfg)
			var all *conn.DialError
			if !errors.As(err, &all) || len(all.Attempts) != 1 || all.Attempts[0].Addr != bad.String() || !c.is(err) {
				t.Errorf("alone: error %v", err)
			}
		})
	}
}

// The end of the story names every address with its own cause.
func TestDialErrorKeepsEachCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead, refused, mute := conn.Address{Host: "dead"}, conn.Address{Host: "refused"}, conn.Address{Host: "mute"}
		mute.Login, mute.Passcode = "me", "hunter3"
		d := inOrder(dead, refused, mute)
		d.MaxRounds = 2
		over := dialPipe(map[string]script{"refused:61613": refusing, "mute:61613": silent})
		d.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "dead:61613" {
				return nil, syscall.ECONNREFUSED
			}
			return over(ctx, network, address)
		}
		var logged bytes.Buffer
		_, err := d.Dial(t.Context(), &conn.Config{Logger: slog.New(slog.NewJSONHandler(&logged, nil))})
		var all *conn.DialError
		if !errors.As(err, &all) || all.Rounds != 2 || all.Cause != nil || len(all.Attempts) != 3 {
			t.Fatalf("error %v", err)
		}
		for i, a := range []conn.Address{dead, refused, mute} {
			if all.Attempts[i].Addr != a.String() || !strings.Contains(err.Error(), a.String()) {
				t.Errorf("attempt %d is at %s", i, all.Attempts[i].Addr)
			}
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, new(*conn.ServerError)) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error does not hold all causes: %v", err)
		}
		if text := fmt.Sprintf("%v %+v %#v", err, err, all.Attempts) + logged.String(); strings.Contains(text, "hunter3") {
			t.Errorf("error or log shows the passcode: %s", text)
		}
		if n := strings.Count(logged.String(), "cannot connect"); n != 6 {
			t.Errorf("%d attempts in the log: %s", n, logged.String())
		}
	})
}

// A login that the first broker refuses may be right for the second.
func TestDialerTriesRefusedLoginElsewhere(t *testing.T) {
	standby, active := tiny(t, refusing), tiny(t, accepting)
	dialled(t, inOrder(at(standby), at(active)), &conn.Config{Login: "me", Passcode: "hunter3"})
	if n := len(standby.served()); n != 1 {
		t.Errorf("the standby was asked %d times", n)
	}
}

// The address that has come back is found in the next round.
func TestDialerRoundsOver(t *testing.T) {
	failing := 2
	b := tiny(t, accepting)
	d := inOrder(at(b))
	d.MaxRounds = 3
	d.Backoff.Initial = time.Millisecond
	d.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if failing--; failing >= 0 {
			return nil, errors.New("not yet")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	dialled(t, d, nil)
}

func TestDialerZeroValue(t *testing.T) {
	var asked []string
	d := conn.Dialer{MaxRounds: 1, DialFunc: func(_ context.Context, network, address string) (net.Conn, error) {
		asked = append(asked, network+" "+address)
		return nil, errors.New("no")
	}}
	if _, err := d.Dial(t.Context(), nil); err == nil || len(asked) != 1 || asked[0] != "tcp localhost:61613" {
		t.Errorf("asked %q, error %v", asked, err)
	}
}

// What an address says goes before what the config says.
func TestAddressConfigures(t *testing.T) {
	got := make(chan string, 1)
	b := tiny(t, func(nc net.Conn) {
		buf := make([]byte, 1000)
		n, _ := nc.Read(buf)
		got <- string(buf[:n])
		_, _ = io.WriteString(nc, "CONNECTED\nversion:1.2\n\n\x00")
		silent(nc)
	})
	cfg := conn.Config{Login: "me", Passcode: "one", Host: "test"}
	for _, c := range []struct{ login, passcode, vhost, want string }{
		{"", "", "", "host:test\nlogin:me\npasscode:one\n"},
		{"you", "two", "", "host:test\nlogin:you\npasscode:two\n"},
		{"you", "", "", "host:test\nlogin:you\nheart-beat"}, // not the passcode of somebody else
		{"", "", "/", "host:/\nlogin:me\npasscode:one\n"},
	} {
		a := at(b)
		a.Login, a.Passcode, a.VHost = c.login, c.passcode, c.vhost
		dialled(t, inOrder(a), &cfg)
		if wire := <-got; !strings.Contains(wire, c.want) {
			t.Errorf("CONNECT is %q; want %q in it", wire, c.want)
		}
	}
}

// What cannot work is said before anybody is dialled.
func TestDialerRefuses(t *testing.T) {
	for name, d := range map[string]*conn.Dialer{
		"host with port":  inOrder(conn.Address{Host: "broker:61613"}),
		"brackets":        inOrder(conn.Address{Host: "[::1]"}),
		"zone of a name":  inOrder(conn.Address{Host: "broker%en1"}),
		"path over TCP":   inOrder(conn.Address{Host: "broker", Path: "/a"}),
		"no socket":       inOrder(conn.Address{Transport: conn.TransportUnix}),
		"no transport":    inOrder(conn.Address{Transport: 99}),
		"no WebSocket":    inOrder(conn.Address{Transport: conn.TransportWS}),
		"passcode":        inOrder(conn.Address{}, conn.Address{Login: "me", Passcode: "hunter3\nx:y"}),
		"path of request": inOrder(conn.Address{Transport: conn.TransportWS, Path: "ws"}),
		"whole request":   inOrder(conn.Address{Transport: conn.TransportWS, Path: "http://other/ws"}),
	} {
		t.Run(name, func(t *testing.T) {
			d.DialFunc = func(context.Context, string, string) (net.Conn, error) {
				t.Error("dialled all the same")
				return nil, errors.New("no")
			}
			if name != "no WebSocket" {
				d.WebSocket = func(context.Context, net.Conn, string, []string) (net.Conn, error) { return nil, errors.New("no") }
			}
			_, err := d.Dial(t.Context(), nil)
			if err == nil || errors.As(err, new(*conn.DialError)) || strings.Contains(err.Error(), "hunter3") {
				t.Errorf("error %v", err)
			}
			if name == "no WebSocket" && !errors.Is(err, conn.ErrNoWebSocket) {
				t.Errorf("error %v; want ErrNoWebSocket", err)
			}
		})
	}
}

func TestDialURI(t *testing.T) {
	good := tiny(t, accepting)
	uri := "failover:(" + nowhere(t).String() + "," + at(good).String() + ")?randomize=false&timeout=60000"
	c, err := conn.Dial(t.Context(), uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if _, err := conn.Dial(t.Context(), "stomp://me:hunter3@", nil); !errors.As(err, new(*conn.AddressError)) {
		t.Errorf("error %v", err)
	}
	_, err = conn.Dial(t.Context(), "broker", nil)
	if connect := new(*conn.ConnectError); !errors.As(err, connect) || (*connect).Addr != "broker" {
		t.Errorf("no port: error %v", err)
	}
}

// Dial returns when the context ends, wherever it waits.
func TestDialerCancelled(t *testing.T) {
	for name, play := range map[string]script{"in an attempt": silent, "in a pause": refusing} {
		synctest.Test(t, func(t *testing.T) {
			d := inOrder(conn.Address{})
			d.MaxRounds = -1
			d.Backoff = conn.Backoff{Initial: time.Hour, Max: time.Hour}
			d.DialFunc = dialPipe(map[string]script{"localhost:61613": play})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err := d.Dial(ctx, nil)
			var all *conn.DialError
			if !errors.As(err, &all) || all.Cause != context.Canceled || !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
				t.Fatalf("%s: error %v after %v", name, err, time.Since(start))
			}
			if len(all.Attempts) != 1 {
				t.Errorf("%s: attempts %v", name, all.Attempts)
			}
		})
	}
}
