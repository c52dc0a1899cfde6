package conn_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
)

func TestParseAddress(t *testing.T) {
	for _, c := range []struct {
		uri   string
		want  conn.Address
		shown string
	}{
		{"stomp://broker", conn.Address{Host: "broker"}, "stomp://broker:61613"},
		{"STOMP://broker:7", conn.Address{Host: "broker", Port: 7}, "stomp://broker:7"},
		{"stomp+nio://broker", conn.Address{Host: "broker"}, "stomp://broker:61613"},
		{"stomps://broker", conn.Address{Transport: conn.TransportTLS, Host: "broker"}, "stomps://broker:61614"},
		{"stomp+ssl://broker", conn.Address{Transport: conn.TransportTLS, Host: "broker"}, "stomps://broker:61614"},
		{"stomp+tls://broker:1", conn.Address{Transport: conn.TransportTLS, Host: "broker", Port: 1}, "stomps://broker:1"},
		{"stomp+nio+ssl://broker", conn.Address{Transport: conn.TransportTLS, Host: "broker"}, "stomps://broker:61614"},
		{"ws://broker", conn.Address{Transport: conn.TransportWS, Host: "broker"}, "ws://broker:80/"},
		{"ws://broker:15674/ws", conn.Address{Transport: conn.TransportWS, Host: "broker", Port: 15674, Path: "/ws"}, "ws://broker:15674/ws"},
		{"wss://broker/a%20b?token=hunter3", conn.Address{Transport: conn.TransportWSS, Host: "broker", Path: "/a%20b?token=hunter3"},
			"wss://broker:443/a%20b?***"},
		{"wss://broker?token=hunter3", conn.Address{Transport: conn.TransportWSS, Host: "broker", Path: "/?token=hunter3"}, "wss://broker:443/?***"},
		{"unix:/run/broker.sock", conn.Address{Transport: conn.TransportUnix, Path: "/run/broker.sock"}, "unix:/run/broker.sock"},
		{"unix:///run/a%20b", conn.Address{Transport: conn.TransportUnix, Path: "/run/a b"}, "unix:/run/a%20b"},
		{"unix:////run/s", conn.Address{Transport: conn.TransportUnix, Path: "//run/s"}, "unix:////run/s"},
		{"unix://me:hunter3@/run/s", conn.Address{Transport: conn.TransportUnix, Path: "/run/s", Login: "me", Passcode: "hunter3"},
			"unix://me:***@/run/s"},

		{"stomp://me@broker", conn.Address{Host: "broker", Login: "me"}, "stomp://me@broker:61613"},
		{"stomp://me:hunter3@broker", conn.Address{Host: "broker", Login: "me", Passcode: "hunter3"}, "stomp://me:***@broker:61613"},
		{"stomp://m%40e:hunt%3A%2Fer%20@broker", conn.Address{Host: "broker", Login: "m@e", Passcode: "hunt:/er "}, "stomp://m%40e:***@broker:61613"},
		{"stomp://me:hunter3@x+y@broker", conn.Address{Host: "broker", Login: "me", Passcode: "hunter3@x+y"}, "stomp://me:***@broker:61613"},
		{"stomp://me:a:b@broker", conn.Address{Host: "broker", Login: "me", Passcode: "a:b"}, "stomp://me:***@broker:61613"},

		{"stomp://broker/", conn.Address{Host: "broker"}, "stomp://broker:61613"},
		{"stomp://broker/prod", conn.Address{Host: "broker", VHost: "prod"}, "stomp://broker:61613/prod"},
		{"stomp://broker/%2F", conn.Address{Host: "broker", VHost: "/"}, "stomp://broker:61613/%2F"},
		{"stomp://broker/%2fa%20b", conn.Address{Host: "broker", VHost: "/a b"}, "stomp://broker:61613/%2Fa%20b"},

		{"stomp://127.0.0.1", conn.Address{Host: "127.0.0.1"}, "stomp://127.0.0.1:61613"},
		{"stomp://[::1]:9", conn.Address{Host: "::1", Port: 9}, "stomp://[::1]:9"},
		{"stomp://[fe80::1%25en1]:9", conn.Address{Host: "fe80::1%en1", Port: 9}, "stomp://[fe80::1%25en1]:9"},
		{"stomp://[fe80::1%en1]", conn.Address{Host: "fe80::1%en1"}, "stomp://[fe80::1%25en1]:61613"},
	} {
		got, err := conn.ParseAddress(c.uri)
		if err != nil || got != c.want {
			t.Errorf("%s: %#v, %v", c.uri, got, err)
		}
		if got.String() != c.shown {
			t.Errorf("%s prints as %s; want %s", c.uri, got, c.shown)
		}
		if again, err := conn.ParseAddress(got.String()); err != nil || again.String() != c.shown {
			t.Errorf("%s: what it prints as is read as %s, %v", c.uri, again, err)
		}
		if d, err := conn.ParseURI(c.uri); err != nil || len(d.Addresses) != 1 || d.Addresses[0] != c.want {
			t.Errorf("%s: ParseURI: %v, %v", c.uri, d, err)
		}
	}
}

func TestAddressDefaults(t *testing.T) {
	if s := (conn.Address{}).String(); s != "stomp://localhost:61613" {
		t.Error(s)
	}
	if s := (conn.Address{Transport: conn.TransportTLS, Host: "fe80::1%en1"}).String(); s != "stomps://[fe80::1%25en1]:61614" {
		t.Error(s)
	}
}

// Every URI here holds the password hunter3, in places where it should not be.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		uri    string
		member int
		part   string
	}{
		{"", 0, "scheme"},
		{"hunter3", 0, "scheme"},
		{"me:hunter3@broker:61613", 0, "scheme"},
		{"hunter3://broker", 0, "scheme"},
		{"tcp://me:hunter3@broker", 0, "scheme"},
		{"stomp:broker", 0, "host"},
		{"stomp://", 0, "host"},
		{"stomp://me:hunter3@", 0, "host"},
		{"stomp://me:hunter3@:61613", 0, "host"},
		{"stomp://me:hunter3@broker:0", 0, "port"},
		{"stomp://me:hunter3@broker:65536", 0, "port"},
		{"stomp://me:hunter3@broker:", 0, "port"},
		{"stomp://me:hunter3@broker:+1", 0, "port"},
		{"stomp://me:hunter3", 0, "port"},
		{"stomp://::1:61613", 0, "host"},
		{"stomp://[::1", 0, "host"},
		{"stomp://[::1]61613", 0, "host"},
		{"stomp://[127.0.0.1]", 0, "host"},
		{"stomp://[hunter3]", 0, "host"},
		{"stomp://[fe80::1%25]", 0, "host"},
		{"stomp://bro%20ker", 0, "host"},
		{"stomp://me:hunter3/@broker", 0, "user"},
		{"stomp://me:hunter3?@broker", 0, "user"},
		{"stomp://me:1?hunter3@broker", 0, "user"},
		{"stomp://me:hunter3#@broker", 0, "user"},
		{"stomp://me:hunter3%@broker", 0, "user"},
		{"stomp://me:hunter3%zz@broker", 0, "user"},
		{"stomp://broker/a/b", 0, "path"},
		{"stomp://broker/%", 0, "path"},
		{"stomp://broker/#a", 0, "path"},
		{"stomp://broker?frobnicate=hunter3", 0, `option "frobnicate"`},
		{"stomp://broker?hunter3", 0, "options"},
		{"ws://broker/%zz", 0, "path"},
		{"unix:", 0, "path"},
		{"unix:?a", 0, `option "a"`},
		{"unix://broker/run/s", 0, "host"},
		{"failover:", 1, "scheme"},
		{"failover:()", 1, "scheme"},
		{"failover:(stomp://a,tcp://me:hunter3@b)", 2, "scheme"},
		{"failover:(failover:(stomp://a))", 1, "scheme"},
		{"failover:(stomp://me:hunter3@a", 0, "list"},
		{"failover:(stomp://me:hunt,er3@a)", 1, "port"},
		{"failover:(stomp://a)hunter3", 0, "list"},
		{"failover:(stomp://me:1)?hunter3@a", 0, "list"},
		{"failover:(stomp://a)?hunter3", 0, "options"},
		{"failover:(stomp://a)?backup=true", 0, `option "backup"`},
		{"failover:(stomp://a)?jms.password=hunter3", 0, `option "jms.password"`},
		{"failover:(stomp://a)?randomize=1", 0, `option "randomize"`},
		{"failover:(stomp://a)?timeout=hunter3", 0, `option "timeout"`},
		{"failover:(stomp://a)?timeout=-2", 0, `option "timeout"`},
		{"failover:(stomp://a)?timeout=99999999999", 0, `option "timeout"`},
		{"failover:(stomp://a)?initialReconnectDelay=-1", 0, `option "initialReconnectDelay"`},
		{"failover:(stomp://a)?maxReconnectDelay=0", 0, `option "maxReconnectDelay"`},
		{"failover:(stomp://a)?backOffMultiplier=0.5", 0, `option "backOffMultiplier"`},
		{"failover:(stomp://a)?backOffMultiplier=NaN", 0, `option "backOffMultiplier"`},
		{"failover:(stomp://a)?backOffMultiplier=Inf", 0, `option "backOffMultiplier"`},
		{"failover:(stomp://a)?useExponentialBackOff=yes", 0, `option "useExponentialBackOff"`},
		{"failover:(stomp://a)?maxReconnectAttempts=-2", 0, `option "maxReconnectAttempts"`},
		{"failover:(stomp://a)?maxReconnectAttempts=%zz", 0, `option "maxReconnectAttempts"`},
	} {
		_, err := conn.ParseURI(c.uri)
		var about *conn.AddressError
		if !errors.As(err, &about) || about.Member != c.member || about.Part != c.part {
			t.Errorf("%s: error %v; want one about %s of member %d", c.uri, err, c.part, c.member)
		}
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "hunter3") || strings.Contains(text, "er3") {
			t.Errorf("%s: error shows the password: %s", c.uri, text)
		}
	}
}

func TestParseFailover(t *testing.T) {
	list := []conn.Address{{Host: "a"}, {Transport: conn.TransportTLS, Host: "b"}}
	activeMQ := conn.Backoff{Initial: 10 * time.Millisecond, Max: 30 * time.Second, Increase: 1}
	base := conn.Dialer{KeepOrder: true, NoLoopback: true, MaxRounds: -1, Randomize: true, Backoff: activeMQ}
	with := func(change func(d *conn.Dialer)) conn.Dialer {
		d := base
		change(&d)
		return d
	}
	const members = "stomp://a,stomps://b"
	for uri, want := range map[string]conn.Dialer{
		"failover:(" + members + ")":                             base,
		"failover://(" + members + ")":                           base,
		"FAILOVER:(stomp://a, stomps://b)?":                      base,
		"failover:" + members:                                    base,
		"failover:(" + members + ")?randomize=false":             with(func(d *conn.Dialer) { d.Randomize = false }),
		"failover:(" + members + ")?timeout=3000":                with(func(d *conn.Dialer) { d.TotalTimeout = 3 * time.Second }),
		"failover:(" + members + ")?timeout=-1":                  base,
		"failover:(" + members + ")?backOffMultiplier=3":         with(func(d *conn.Dialer) { d.Backoff.Increase = 2 }),
		"failover:(" + members + ")?reconnectDelayExponent=1.5":  with(func(d *conn.Dialer) { d.Backoff.Increase = 0.5 }),
		"failover:(" + members + ")?backOffMultiplier=1":         with(func(d *conn.Dialer) { d.Backoff.Increase = -1 }),
		"failover:(" + members + ")?useExponentialBackOff=false": with(func(d *conn.Dialer) { d.Backoff.Increase = -1 }),
		"failover:(" + members + ")?maxReconnectAttempts=0":      with(func(d *conn.Dialer) { d.MaxRounds = 1 }),
		"failover:(" + members + ")?maxReconnectAttempts=5&initialReconnectDelay=100&maxReconnectDelay=5000": with(func(d *conn.Dialer) {
			d.MaxRounds = 5
			d.Backoff.Initial, d.Backoff.Max = 100*time.Millisecond, 5*time.Second
		}),
		"failover:(" + members + ")?initialReconnectDelay=0": with(func(d *conn.Dialer) { d.Backoff.Initial = -1 }),
	} {
		d, err := conn.ParseURI(uri)
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		if fmt.Sprint(d.Addresses) != fmt.Sprint(list) {
			t.Errorf("%s: addresses %v", uri, d.Addresses)
		}
		if d.KeepOrder != want.KeepOrder || d.NoLoopback != want.NoLoopback || d.Randomize != want.Randomize ||
			d.MaxRounds != want.MaxRounds || d.Backoff != want.Backoff || d.TotalTimeout != want.TotalTimeout {
			t.Errorf("%s: %+v", uri, d)
		}
	}
	d, err := conn.ParseURI("failover:(stomp://me:p)w@a,stomp://b)?randomize=false")
	if err != nil || d.Addresses[0].Passcode != "p)w" {
		t.Errorf("a parenthesis in a password: %v", err)
	}
}

func TestAddressPrintsNoSecret(t *testing.T) {
	d, err := conn.ParseURI("failover:(stomp://me:hunter3@a,wss://me:hunter3@b/ws?token=hunter3)")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(handler).Info("connect", "to", d.Addresses[0], "or", d.Addresses[1])
	}
	for _, v := range []any{d, *d, d.Addresses, d.Addresses[1], &d.Addresses[1]} {
		fmt.Fprintf(&b, "%v %+v %#v %s %q\n", v, v, v, v, v)
	}
	text, err := json.Marshal(d.Addresses)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(text)
	if strings.Contains(b.String(), "hunter3") {
		t.Error(b.String())
	}
	if !strings.Contains(b.String(), "stomp://me:***@a:61613") {
		t.Error("the address is not shown at all")
	}
}

// What an address prints is read back as the same address, whatever octet its names
// hold.
func TestAddressPrintsWhatIsReadBack(t *testing.T) {
	for c := range 256 {
		name := "a" + string([]byte{byte(c)}) + "b"
		for _, a := range []conn.Address{
			{Host: "h", Login: name},
			{Host: "h", Login: name, Passcode: "secret"},
			{Host: "h", VHost: name},
			{Transport: conn.TransportWS, Host: "h", Login: name, Path: "/ws"},
			{Transport: conn.TransportUnix, Path: "/" + name},
			{Transport: conn.TransportUnix, Login: name, Path: "/s"},
		} {
			shown := a.String()
			again, err := conn.ParseAddress(shown)
			if err != nil || again.Login != a.Login || again.VHost != a.VHost || again.Path != a.Path || again.String() != shown {
				t.Errorf("octet %#02x: %q is read as %q, %v", c, shown, again, err)
			}
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, uri := range []string{
		"stomp://me:p%40ss@[fe80::1%25en1]:61613/%2F", "failover:(wss://a/ws?q,unix:/s)?randomize=false&timeout=1", "unix:/run/s",
		"stomp://%3A%40%2F:%3A%40@h/%40%3A%2F%3F%23%25", "unix://%3A%40@/%40%3A%3F%23%25",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		d, err := conn.ParseURI(uri)
		if err != nil {
			if !errors.As(err, new(*conn.AddressError)) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		for _, a := range d.Addresses {
			shown := a.String()
			again, err := conn.ParseAddress(shown)
			if err != nil || again.Host != a.Host || again.Login != a.Login || again.VHost != a.VHost || again.String() != shown {
				t.Fatalf("%q prints as %q, which is read as %q, %v", uri, shown, again, err)
			}
		}
	})
}
