package uri_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want uri.Broker
		show string
	}{
		{"stomp://localhost", uri.Broker{Host: "localhost"}, "stomp://localhost:61613"},
		{"localhost:61614", uri.Broker{Host: "localhost", Port: 61614}, "stomp://localhost:61614"},
		{"stomp://h:1/", uri.Broker{Host: "h", Port: 1}, "stomp://h:1"},
		{"stomp://guest:s3cret@h/%2F", uri.Broker{Host: "h", Login: "guest", Passcode: "s3cret", VHost: "/"}, "stomp://guest:***@h:61613/%2F"},
		{"stomps://u@h", uri.Broker{Scheme: "stomps", Host: "h", Login: "u"}, "stomps://u@h:61614"},
		{"stomp+ssl://h:7", uri.Broker{Scheme: "stomps", Host: "h", Port: 7}, "stomps://h:7"},
		{"ws://h:15674/ws", uri.Broker{Scheme: "ws", Host: "h", Port: 15674, Path: "/ws"}, "ws://h:15674/ws"},
		{"wss://h?token=s3cret", uri.Broker{Scheme: "wss", Host: "h", Path: "/?token=s3cret"}, "wss://h:443/?***"},
		{"TCP://[fe80::1%25en1]", uri.Broker{Host: "fe80::1%en1"}, "stomp://[fe80::1%25en1]:61613"},
		{"tls://h", uri.Broker{Scheme: "stomps", Host: "h"}, "stomps://h:61614"},
		{"unix:/run/b.sock", uri.Broker{Scheme: "unix", Path: "/run/b.sock"}, "unix:/run/b.sock"},
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
	if err != nil || len(got) != 3 || got[0].Passcode != "p,w" || got.At(4)[0].Host != "b" {
		t.Errorf("%v, %v", got, err)
	}
	if got.String() != "stomp://u:***@a:1,stomp://b:2,stomp://c:61613" {
		t.Errorf("shown as %s", got)
	}
	if _, err := uri.Parse("stomp://a,stomp://u:secret@b:x"); err == nil || !strings.Contains(err.Error(), "address 2") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// What is dialled is what was written, whatever a name holds, and it prints without
// its secrets.
func TestWhatIsDialled(t *testing.T) {
	for c := range 128 {
		name := "a" + string([]byte{byte(c)}) + "b"
		for _, b := range []uri.Broker{
			{Host: "h", Port: 1, Login: name, Passcode: "s3cret" + name, VHost: name},
			{Scheme: "stomps", Host: "::1", Port: 7, Passcode: "s3cret"},
			{Scheme: "ws", Host: "h", Port: 2, Login: name, Passcode: "s3cret", Path: "/ws?token=s3cret"},
			{Scheme: "unix", Path: "/" + name, Login: name, Passcode: "s3cret"},
		} {
			dialled := uri.Brokers{b}.Dial()
			if _, err := conn.New(dialled, &conn.Config{WebSocket: ws.Client}); err != nil && c != 0 && c != '\n' && c != '\r' {
				t.Errorf("octet %#02x: %v", c, err)
				continue
			}
			written := strings.TrimSuffix(strings.TrimPrefix(dialled, "failover:("), ")?randomize=false&startupMaxReconnectAttempts=3")
			if again, err := uri.Parse(written); err == nil && again[0] != b {
				t.Errorf("octet %#02x: %s is read as %s", c, b, again)
			}
			for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %q %d", b, b, b, b, b, b), fmt.Sprint(uri.Brokers{b}, &b)} {
				if strings.Contains(shown, "s3cret") || strings.Contains(shown, fmt.Sprintf("%x", "s3cret")) {
					t.Errorf("octet %#02x: %s", c, shown)
				}
			}
		}
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
		"failover:(stomp://a)":     "scheme",
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
