package dial_test

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn/internal/dial"
)

func TestParseAddress(t *testing.T) {
	overTLS := func(host string, port uint16) dial.Address {
		return dial.Address{Transport: dial.TransportTLS, Host: host, Port: port}
	}
	for _, c := range []struct {
		uri   string
		want  dial.Address
		shown string
	}{
		{"stomp://broker", dial.Address{Host: "broker"}, "stomp://broker:61613"},
		{"STOMP://broker:7", dial.Address{Host: "broker", Port: 7}, "stomp://broker:7"},
		{"stomp+nio://broker", dial.Address{Host: "broker"}, "stomp://broker:61613"},
		{"tcp://broker", dial.Address{Host: "broker"}, "stomp://broker:61613"},
		{"stomps://broker", overTLS("broker", 0), "stomps://broker:61614"},
		{"ssl://broker:1", overTLS("broker", 1), "stomps://broker:1"},
		{"tls://broker", overTLS("broker", 0), "stomps://broker:61614"},
		{"stomp+ssl://broker", overTLS("broker", 0), "stomps://broker:61614"},
		{"stomp+tls://broker:1", overTLS("broker", 1), "stomps://broker:1"},
		{"stomp+nio+ssl://broker", overTLS("broker", 0), "stomps://broker:61614"},
		{"ws://broker", dial.Address{Transport: dial.TransportWS, Host: "broker"}, "ws://broker:80/"},
		{"ws://broker:15674/ws", dial.Address{Transport: dial.TransportWS, Host: "broker", Port: 15674, Path: "/ws"}, "ws://broker:15674/ws"},
		{"wss://broker/a%20b?token=hunter3", dial.Address{Transport: dial.TransportWSS, Host: "broker", Path: "/a%20b?token=hunter3"},
			"wss://broker:443/a%20b?***"},
		{"wss://broker?token=hunter3", dial.Address{Transport: dial.TransportWSS, Host: "broker", Path: "/?token=hunter3"}, "wss://broker:443/?***"},
		{"unix:/run/broker.sock", dial.Address{Transport: dial.TransportUnix, Path: "/run/broker.sock"}, "unix:/run/broker.sock"},
		{"unix:///run/a%20b", dial.Address{Transport: dial.TransportUnix, Path: "/run/a b"}, "unix:/run/a%20b"},
		{"unix:////run/s", dial.Address{Transport: dial.TransportUnix, Path: "//run/s"}, "unix:////run/s"},
		{"unix://me:hunter3@/run/s", dial.Address{Transport: dial.TransportUnix, Path: "/run/s", Login: "me", Passcode: "hunter3"},
			"unix://me:***@/run/s"},

		{"stomp://me@broker", dial.Address{Host: "broker", Login: "me"}, "stomp://me@broker:61613"},
		{"stomp://me:hunter3@broker", dial.Address{Host: "broker", Login: "me", Passcode: "hunter3"}, "stomp://me:***@broker:61613"},
		{"stomp://m%40e:hunt%3A%2Fer%20@broker", dial.Address{Host: "broker", Login: "m@e", Passcode: "hunt:/er "}, "stomp://m%40e:***@broker:61613"},
		{"stomp://me:hunter3@x+y@broker", dial.Address{Host: "broker", Login: "me", Passcode: "hunter3@x+y"}, "stomp://me:***@broker:61613"},
		{"stomp://me:a:b@broker", dial.Address{Host: "broker", Login: "me", Passcode: "a:b"}, "stomp://me:***@broker:61613"},

		{"stomp://broker/", dial.Address{Host: "broker"}, "stomp://broker:61613"},
		{"stomp://broker/prod", dial.Address{Host: "broker", VHost: "prod"}, "stomp://broker:61613/prod"},
		{"stomp://broker/%2F", dial.Address{Host: "broker", VHost: "/"}, "stomp://broker:61613/%2F"},
		{"stomp://broker/%2fa%20b", dial.Address{Host: "broker", VHost: "/a b"}, "stomp://broker:61613/%2Fa%20b"},

		{"stomp://127.0.0.1", dial.Address{Host: "127.0.0.1"}, "stomp://127.0.0.1:61613"},
		{"stomp://[::1]:9", dial.Address{Host: "::1", Port: 9}, "stomp://[::1]:9"},
		{"stomp://[fe80::1%25en1]:9", dial.Address{Host: "fe80::1%en1", Port: 9}, "stomp://[fe80::1%25en1]:9"},
		{"stomp://[fe80::1%en1]", dial.Address{Host: "fe80::1%en1"}, "stomp://[fe80::1%25en1]:61613"},
		{"stomp://broker:https", dial.Address{Host: "broker", Port: 443}, "stomp://broker:443"},
	} {
		got, err := dial.ParseAddress(c.uri)
		if err != nil || got != c.want {
			t.Errorf("%s: %#v, %v", c.uri, got, err)
		}
		if got.String() != c.shown {
			t.Errorf("%s prints as %s; want %s", c.uri, got, c.shown)
		}
		if again, err := dial.ParseAddress(got.String()); err != nil || again.String() != c.shown {
			t.Errorf("%s: what it prints as is read as %s, %v", c.uri, again, err)
		}
		if p, err := dial.Parse(c.uri); err != nil || !reflect.DeepEqual(p, dial.Plan{Addresses: []dial.Address{c.want}}) {
			t.Errorf("%s: Parse: %+v, %v", c.uri, p, err)
		}
	}
}

// host:port is stomp://host:port without the scheme: the plans are the same, so the
// order and the addresses at 127.0.0.1 are too.
func TestHostPortIsAURI(t *testing.T) {
	for _, bare := range []string{
		"broker:61613", "127.0.0.1:61613", "localhost:7", "[::1]:9", "[fe80::1%en1]:9", "broker:https", "stomp:61613", "tcp:61613",
	} {
		got, err := dial.Parse(bare)
		want, wantErr := dial.Parse("stomp://" + bare)
		if err != nil || wantErr != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; with stomp:// %+v, %v", bare, got, err, want, wantErr)
		}
		if _, port, err := net.SplitHostPort(bare); err != nil || port == "" {
			t.Errorf("%s: package net says %v", bare, err)
		}
	}
}

// Every URI here contains the password hunter3, in places where it should not be.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		uri    string
		member int
		part   string
	}{
		{"", 0, "scheme"},
		{"hunter3", 0, "scheme"},
		{"me:hunter3@broker:61613", 0, "scheme"},
		{"me:hunter3", 0, "port"},
		{"hunter3://broker", 0, "scheme"},
		{"http://me:hunter3@broker", 0, "scheme"},
		{"broker:61613/hunter3", 0, "scheme"},
		{"broker:61613?login=hunter3", 0, "scheme"},
		{":61613", 0, "host"},
		{"broker:", 0, "port"},
		{"::1:61613", 0, "host"},
		{"stomp:broker", 0, "port"}, // a host called stomp
		{"stomp:/broker", 0, "host"},
		{"stomp://", 0, "host"},
		{"stomp://me:hunter3@", 0, "host"},
		{"stomp://me:hunter3@:61613", 0, "host"},
		{"stomp://me:hunter3@broker:0", 0, "port"},
		{"stomp://me:hunter3@broker:65536", 0, "port"},
		{"stomp://me:hunter3@broker:", 0, "port"},
		{"stomp://me:hunter3@broker:+1", 0, "port"},
		{"stomp://me:hunter3@broker:https-hunter3", 0, "port"},
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
		{"failover:(stomp://a,http://me:hunter3@b)", 2, "scheme"},
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
		{"failover:(stomp://a)?startupMaxReconnectAttempts=many", 0, `option "startupMaxReconnectAttempts"`},
	} {
		_, err := dial.Parse(c.uri)
		var about *dial.AddressError
		if !errors.As(err, &about) || about.Member != c.member || about.Part != c.part {
			t.Errorf("%s: error %v; want one about %s of member %d", c.uri, err, c.part, c.member)
		}
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "hunter3") || strings.Contains(text, "er3") {
			t.Errorf("%s: error shows the password: %s", c.uri, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, uri := range []string{
		"stomp://me:p%40ss@[fe80::1%25en1]:61613/%2F", "failover:(wss://a/ws?q,unix:/s)?randomize=false&timeout=1", "unix:/run/s",
		"stomp://%3A%40%2F:%3A%40@h/%40%3A%2F%3F%23%25", "unix://%3A%40@/%40%3A%3F%23%25", "broker:61613", "[::1]:https", "ssl://h",
		"failover:(a:1,b:2)?startupMaxReconnectAttempts=3",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		p, err := dial.Parse(uri)
		if err != nil {
			if !errors.As(err, new(*dial.AddressError)) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		for _, a := range p.Addresses {
			shown := a.String()
			again, err := dial.ParseAddress(shown)
			if err != nil || again.Host != a.Host || again.Login != a.Login || again.VHost != a.VHost || again.String() != shown {
				t.Fatalf("%q prints as %q, which is read as %q, %v", uri, shown, again, err)
			}
		}
		if _, err := (&dial.Plan{Addresses: p.Addresses, NoLoopback: true}).Targets(); err != nil {
			t.Fatalf("%q is read and cannot be dialled: %v", uri, err)
		}
	})
}
