package uri_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want conn.Address
		show string
	}{
		{"stomp://localhost", conn.Address{Host: "localhost"}, "stomp://localhost:61613"},
		{"localhost:61614", conn.Address{Host: "localhost", Port: 61614}, "stomp://localhost:61614"},
		{"stomp://h:1/", conn.Address{Host: "h", Port: 1}, "stomp://h:1"},
		{"stomp://guest:s3cret@h/%2F", conn.Address{Host: "h", Login: "guest", Passcode: "s3cret", VHost: "/"}, "stomp://guest:***@h:61613/%2F"},
		{"stomps://u@h", conn.Address{Transport: conn.TransportTLS, Host: "h", Login: "u"}, "stomps://u@h:61614"},
		{"stomp+ssl://h:7", conn.Address{Transport: conn.TransportTLS, Host: "h", Port: 7}, "stomps://h:7"},
		{"ws://h:15674/ws", conn.Address{Transport: conn.TransportWS, Host: "h", Port: 15674, Path: "/ws"}, "ws://h:15674/ws"},
		{"unix:/run/b.sock", conn.Address{Transport: conn.TransportUnix, Path: "/run/b.sock"}, "unix:/run/b.sock"},
	} {
		got, err := uri.Parse(c.in)
		if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: got %#v, %v, want %#v", c.in, got, err, c.want)
			continue
		}
		if got.String() != c.show {
			t.Errorf("%s: shown as %s, want %s", c.in, got, c.show)
		}
	}
}

func TestSeveral(t *testing.T) {
	got, err := uri.Parse("stomp://u:p%2Cw@a:1, b:2,stomp://c")
	if err != nil || len(got) != 3 || got[0].Passcode != "p,w" || got.At(4).Host != "b" {
		t.Errorf("%v, %v", got, err)
	}
	if got.String() != "stomp://u:***@a:1,stomp://b:2,stomp://c:61613" {
		t.Errorf("shown as %s", got)
	}
	if _, err := uri.Parse("stomp://a,stomp://u:secret@b:x"); err == nil || !strings.Contains(err.Error(), "address 2") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestBadURIs(t *testing.T) {
	for in, part := range map[string]string{
		"":                         "host",
		"stomp://":                 "host",
		"stomp://:61613":           "host",
		"http://secret@h":          "scheme",
		"stomp://u:secret@h:99999": "port",
		"stomp://u:secret@h:0":     "port",
		"stomp://u:secret@h:x":     "port",
		"stomp://u:secret%zz@h":    "%25",
		"stomp://u:secret@h?a=b":   "option",
		"stomp://u:se/cret@h":      "user",
	} {
		_, err := uri.Parse(in)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v, want something about %q", in, err, part)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "cret@")) {
			t.Errorf("%q: the error shows the password: %v", in, err)
		}
	}
}
