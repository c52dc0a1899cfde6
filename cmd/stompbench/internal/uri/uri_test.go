package uri_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want uri.URI
		show string
	}{
		{"stomp://localhost", uri.URI{Host: "localhost", Port: "61613"}, "stomp://localhost:61613"},
		{"localhost:61614", uri.URI{Host: "localhost", Port: "61614"}, "stomp://localhost:61614"},
		{"stomp://h:1/", uri.URI{Host: "h", Port: "1"}, "stomp://h:1"},
		{"stomp://guest:s3cret@h/%2F", uri.URI{Host: "h", Port: "61613", Login: "guest", Passcode: "s3cret", VHost: "/"}, "stomp://guest@h:61613/%2F"},
		{"stomp://u:p%40%3A%2F@h/a/b", uri.URI{Host: "h", Port: "61613", Login: "u", Passcode: "p@:/", VHost: "a/b"}, "stomp://u@h:61613/a%2Fb"},
		{"stomp://u:p@[::1]:7/v", uri.URI{Host: "::1", Port: "7", Login: "u", Passcode: "p", VHost: "v"}, "stomp://u@[::1]:7/v"},
	} {
		got, err := uri.Parse(c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.in, got, err, c.want)
		}
		if got.String() != c.show {
			t.Errorf("%s: shown as %s, want %s", c.in, got, c.show)
		}
	}
}

func TestBadURIs(t *testing.T) {
	for in, part := range map[string]string{
		"":                         "no host",
		"stomp://":                 "no host",
		"stomp://:61613":           "no host",
		"http://secret@h":          "scheme",
		"stomps://u:secret@h":      "scheme",
		"stomp://u:secret@h:99999": "port",
		"stomp://u:secret@h:0":     "port",
		"stomp://u:secret@h:x":     "write stomp://",
		"stomp://u:secret%zz@h":    "%25",
		"stomp://u:secret@h?a=b":   "%3F",
		"stomp://u:secret@h/\x7f":  "write stomp://",
		"stomp://u:se/cret@h":      "write stomp://",
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
