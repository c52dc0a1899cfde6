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
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// dialled returns a client that has connected, and closes it with the test.
func dialled(t testing.TB, uri string, cfg *conn.Config) *conn.Client {
	t.Helper()
	c, err := conn.Dial(t.Context(), uri, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		<-c.Done()
	})
	return c
}

// server returns the server header of the first connection.
func server(t testing.TB, c *conn.Client) string {
	t.Helper()
	all := c.Sessions()
	if len(all) == 0 {
		t.Fatal("no session")
	}
	return all[0].Headers.Get("server")
}

func TestDialerPassesOver(t *testing.T) {
	good := tiny(t, accepting)
	var refusal *conn.ServerError
	for _, c := range []struct {
		name string
		bad  func(t *testing.T) string
		is   func(err error) bool
	}{
		{"unreachable listens", nowhere0, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		{"ERROR", func(t *testing.T) string { return at(tiny(t, refusing)) },
			func(err error) bool { return errors.As(err, &refusal) && refusal.Message == "no such user" }},
		{"closes at once", func(t *testing.T) string { return at(tiny(t, closing)) },
			func(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) }},
		{"speaks something else", func(t *testing.T) string { return at(tiny(t, notSTOMP)) },
			func(err error) bool { return errors.Is(err, frame.ErrProtocol) }},
		{"does not resolve", func(*testing.T) string { return "stomp://" + strings.Repeat("x", 64) + ".invalid:61613" }, // no server is asked
			func(err error) bool { return errors.As(err, new(*net.DNSError)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := &conn.Config{ConnectTimeout: time.Hour}
			bad := c.bad(t)
			if s := dialled(t, inOrder(bad, at(good)), cfg); server(t, s) != "tiny" {
				t.Errorf("session with %q", server(t, s))
			}
			_, err := conn.Dial(t.Context(), inOrder(bad), cfg)
			if err == nil || !strings.Contains(err.Error(), bad) || !c.is(err) || !errors.Is(err, net.ErrClosed) {
				t.Errorf("alone: error %v", err)
			}
		})
	}
}

func nowhere0(t *testing.T) string { return nowhere(t) }

// The end of the story names every address with its own cause, and no passcode.
func TestDialErrorKeepsEachCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		over := dialPipe(map[string]script{"refused:61613": refusing, "mute:61613": silent})
		_, err := conn.Dial(t.Context(),
			"failover:(stomp://dead,stomp://refused,stomp://me:hunter3@mute)?randomize=false&maxReconnectAttempts=2",
			&conn.Config{
				Logger: slog.New(slog.NewJSONHandler(&logged, nil)),
				DialFunc: func(ctx context.Context, network, address string) (net.Conn, error) {
					if address == "dead:61613" {
						return nil, syscall.ECONNREFUSED
					}
					return over(ctx, network, address)
				},
			})
		if err == nil {
			t.Fatal("no error")
		}
		synctest.Wait() // the client logs its end
		for _, addr := range []string{"stomp://dead:61613: ", "stomp://refused:61613: ", "stomp://me:***@mute:61613: "} {
			if !strings.Contains(err.Error(), addr) {
				t.Errorf("%s is not in %v", addr, err)
			}
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, new(*conn.ServerError)) || !strings.Contains(err.Error(), "no CONNECTED in time") {
			t.Errorf("error does not hold all causes: %v", err)
		}
		if text := fmt.Sprintf("%v %+v %#v", err, err, err) + logged.String(); strings.Contains(text, "hunter3") {
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
	dialled(t, inOrder(at(standby), at(active)), &conn.Config{Login: "me", Passcode: "hunter3", ConnectTimeout: time.Hour})
	if n := len(standby.served()); n != 1 {
		t.Errorf("the standby was asked %d times", n)
	}
}

// host:port, URIs and failover lists behave the same: three rounds, and more if told.
func TestDialerRounds(t *testing.T) {
	for _, c := range []struct {
		uri      string
		attempts int
		want     int
	}{
		{"a:61613", 0, 3},
		{"stomp://a", 0, 3},
		{"a:61613", 5, 5},
		{"failover:(stomp://a,stomp://b)?maxReconnectAttempts=0", 0, 2},
		{"failover:(stomp://a,stomp://b)?maxReconnectAttempts=4", 0, 8},
		{"failover:(stomp://a,stomp://b)?maxReconnectAttempts=4", 1, 2}, // Config goes first
		{"failover:(stomp://a,stomp://b)?startupMaxReconnectAttempts=2", 0, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			_, err := conn.Dial(t.Context(), c.uri, &conn.Config{Attempts: c.attempts,
				DialFunc: func(context.Context, string, string) (net.Conn, error) {
					n++
					return nil, errRefused
				}})
			if n != c.want || !errors.Is(err, errRefused) {
				t.Errorf("%s, Attempts %d: %d attempts, %v; want %d", c.uri, c.attempts, n, err, c.want)
			}
		})
	}
}

// The address that has come back is found in the next round.
func TestDialerRoundsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, refuse: 2}
		s.connected(conn.Config{Attempts: 3})
	})
}

// What a URI says goes before what the config says.
func TestAddressConfigures(t *testing.T) {
	cfg := conn.Config{Login: "me", Passcode: "one", Host: "test"}
	for _, c := range []struct{ uri, want string }{
		{"broker:61613", "host:test\nlogin:me\npasscode:one\n"},
		{"stomp://you:two@broker", "host:test\nlogin:you\npasscode:two\n"},
		{"stomp://you@broker", "host:test\nlogin:you\nheart-beat"}, // not the passcode of another login
		{"stomp://broker/%2F", "host:/\nlogin:me\npasscode:one\n"},
	} {
		client, broker := net.Pipe()
		got := make(chan string, 1)
		go func() {
			buf := make([]byte, 1000)
			n, _ := broker.Read(buf)
			got <- string(buf[:n])
			_, _ = io.WriteString(broker, "CONNECTED\nversion:1.2\n\n\x00")
			silent(broker)
			_ = broker.Close()
		}()
		dialled(t, c.uri, single(cfg, client))
		if wire := <-got; !strings.Contains(wire, c.want) {
			t.Errorf("%s: CONNECT is %q; want %q in it", c.uri, wire, c.want)
		}
	}
}

// A URI that cannot work is refused before the first dial. The error holds no secret.
func TestDialerRefuses(t *testing.T) {
	for name, uri := range map[string]string{
		"brackets":         "[::1:61613",
		"path over TCP":    "stomp://broker/a/b",
		"no socket":        "unix:",
		"no transport":     "hunter3://broker",
		"no host":          "stomp://me:hunter3@",
		"no WebSocket":     "ws://broker",
		"passcode":         "failover:(stomp://a,stomp://me:hunter3%0Ax:y@b)",
		"option":           "failover:(stomp://a)?timeout=hunter3",
		"list in the list": "failover:(failover:(stomp://a))",
	} {
		t.Run(name, func(t *testing.T) {
			cfg := &conn.Config{DialFunc: func(context.Context, string, string) (net.Conn, error) {
				t.Error("dialled all the same")
				return nil, errRefused
			}}
			for _, call := range []func() (*conn.Client, error){
				func() (*conn.Client, error) { return conn.New(uri, cfg) },
				func() (*conn.Client, error) { return conn.Dial(t.Context(), uri, cfg) },
			} {
				c, err := call()
				if c != nil || err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "hunter3") {
					t.Errorf("%v, error %v", c, err)
				}
			}
		})
	}
}

func TestDialURI(t *testing.T) {
	good := tiny(t, accepting)
	cfg := &conn.Config{ConnectTimeout: time.Hour}
	dialled(t, "failover:("+nowhere(t)+","+at(good)+")?randomize=false&timeout=3600000", cfg)
	dialled(t, at(good), cfg)
	dialled(t, good.Addr().String(), cfg)
	if _, err := conn.Dial(t.Context(), "stomp://me:hunter3@", nil); !errors.As(err, new(*conn.AddressError)) {
		t.Errorf("error %v", err)
	}
}

func TestDialNobodyThere(t *testing.T) {
	unreachable := nowhere(t)
	_, err := conn.Dial(t.Context(), unreachable, &conn.Config{Attempts: 1, ConnectTimeout: time.Hour})
	var op *net.OpError
	if !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) || !strings.Contains(err.Error(), unreachable) {
		t.Errorf("error %v", err)
	}
}

// Dial returns when the context ends, wherever it waits.
func TestDialerCancelled(t *testing.T) {
	for name, play := range map[string]script{"in an attempt": silent, "in a pause": refusing} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err := conn.Dial(ctx, brokerURI, &conn.Config{
				Attempts: -1, Backoff: conn.Backoff{Initial: time.Hour, Max: time.Hour},
				DialFunc: dialPipe(map[string]script{brokerURI: play}),
			})
			if !errors.Is(err, context.Canceled) || !errors.Is(err, conn.ErrNotConnected) || time.Since(start) != time.Second {
				t.Fatalf("%s: error %v after %v", name, err, time.Since(start))
			}
			if refused := name == "in a pause"; errors.As(err, new(*conn.ServerError)) != refused {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}
}

// The pauses between rounds are those of the formula, and there is none after the last round.
func TestDialerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		cfg := &conn.Config{Attempts: 20, DialFunc: func(_ context.Context, _, address string) (net.Conn, error) {
			if address == "a:61613" {
				at = append(at, time.Since(start))
			}
			return nil, errRefused
		}}
		_, err := conn.Dial(t.Context(), "failover:(stomp://a,stomp://b)?randomize=false&initialReconnectDelay=100&backOffMultiplier=1.5&maxReconnectDelay=60000", cfg)
		if err == nil || len(at) != 20 || time.Since(start) != at[19] {
			t.Fatalf("error %v after %v, rounds at %v", err, time.Since(start), at)
		}
		var b conn.Backoff
		for n := 1; n < 20; n++ {
			pause := at[n] - at[n-1]
			if low, high := b.Pause(n, 0), b.Pause(n, 1); pause < low-time.Microsecond || pause > high+time.Microsecond {
				t.Errorf("pause %d is %v; want %v to %v", n, pause, low, high)
			}
		}
	})
}

// "For ever" ends with the context, to the moment.
func TestDialerForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &fakeServer{t: t, refuse: -1}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := conn.Dial(ctx, brokerURI, &conn.Config{Attempts: -1, DialFunc: s.dial})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errRefused) || time.Since(start) != time.Hour || len(s.dialled()) < 60 {
			t.Errorf("error %v after %v and %d dials", err, time.Since(start), len(s.dialled()))
		}
	})
}

// dialPipe returns a DialFunc to a broker that follows a script. A nil script blocks, as if the SYN
// had no answer.
func dialPipe(scripts map[string]script) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		play := scripts[address]
		if play == nil {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		client, broker := net.Pipe()
		go func() {
			play(broker)
			_ = broker.Close()
		}()
		return client, nil
	}
}

// An address that does not answer leaves the others their chance: within ConnectTimeout, or within the share of the
// context's time.
func TestDialerTimeouts(t *testing.T) {
	scripts := map[string]script{"b:61613": silent, "c:61613": accepting}
	for _, c := range []struct {
		name     string
		timeout  time.Duration // Config.ConnectTimeout
		deadline time.Duration // of the context
		options  string        // of the URI
		want     time.Duration
		fails    bool
	}{
		{name: "default", want: 20 * time.Second},
		{name: "CONNECTED", timeout: 3 * time.Second, want: 6 * time.Second},
		{name: "context, divided", deadline: 9 * time.Second, want: 6 * time.Second},
		{name: "context is too short for three", deadline: 3 * time.Second, want: 3 * time.Second, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				client, err := conn.Dial(ctx, inOrder("stomp://a", "stomp://b", "stomp://c"),
					&conn.Config{ConnectTimeout: c.timeout, DialFunc: dialPipe(scripts), Driver: pump.Driver{}})
				if took := time.Since(start); took != c.want || (err != nil) != c.fails {
					t.Errorf("error %v after %v; want %v", err, took, c.want)
				}
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				if client != nil {
					_ = client.Close()
					<-client.Done()
				}
			})
		})
	}
}

// The timeout of a failover list bounds the rounds as a whole.
func TestDialerTotalTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &fakeServer{t: t, refuse: -1}
		_, err := conn.Dial(t.Context(), "failover:(stomp://a)?timeout=3000", &conn.Config{DialFunc: s.dial})
		if took := time.Since(start); !errors.Is(err, errRefused) || took != 3*time.Second {
			t.Errorf("error %v after %v", err, took)
		}
	})
}
