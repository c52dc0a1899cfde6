package uri_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
)

// dialled returns the part of a Dial that names addresses.
func dialled(b uri.Brokers) string {
	return strings.TrimSuffix(strings.TrimPrefix(b.Dial(), "failover:("), ")?randomize=false&startupMaxReconnectAttempts=3")
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, dial, show string }{
		{"stomp://localhost", "stomp://localhost:61613", ""},
		{"localhost:61614", "stomp://localhost:61614", ""},
		{"stomp://h:1/", "stomp://h:1", ""},
		{"stomp://h:1/?", "stomp://h:1", ""},
		{"stomp://guest:s3cret@h/%2F", "stomp://guest:s3cret@h:61613/%2F", "stomp://guest:***@h:61613/%2F"},
		{"stomp://gu est:s3cr(et@h/v", "stomp://gu%20est:s3cr%28et@h:61613/v", "stomp://gu%20est:***@h:61613/v"},
		{"stomps://u@h", "stomps://u@h:61614", ""},
		{"stomp+ssl://h:7", "stomps://h:7", ""},
		{"ws://h:15674/ws", "ws://h:15674/ws", ""},
		{"ws://h", "ws://h:80/", ""},
		{"wss://h?token=s3cret", "wss://h:443/?token=s3cret", "wss://h:443/?***"},
		{"TCP://[fe80::1%25en1]", "stomp://[fe80::1%25en1]:61613", ""},
		{"tcp://[fe80::1%en1]", "stomp://[fe80::1%25en1]:61613", ""},
		{"tls://h", "stomps://h:61614", ""},
		{"unix:/run/b.sock", "unix:/run/b.sock", ""},
		{"unix://u:s3cret@/run/b c", "unix://u:s3cret@/run/b%20c", "unix://u:***@/run/b%20c"},
	} {
		got, err := uri.Parse(c.in)
		if err != nil || len(got) != 1 || dialled(got) != c.dial {
			t.Errorf("%s: got %s, %v, want %s", c.in, dialled(got), err, c.dial)
			continue
		}
		if again, err := uri.Parse(dialled(got)); err != nil || again[0] != got[0] {
			t.Errorf("%s is read as %#v, %s as %#v: %v", c.in, got, dialled(got), again, err)
		}
		if got.String() != cmp.Or(c.show, c.dial) {
			t.Errorf("%s: shown as %s, want %s", c.in, got, cmp.Or(c.show, c.dial))
		}
	}
}

// What goes to the socket and into CONNECT is decoded.
func TestParts(t *testing.T) {
	for in, want := range map[string]string{
		"stomp://a%40b:p%2Fw@h/%2Fv":   "tcp h:61613 a@b p/w /v",
		"ws://u:p@[fe80::1%25en1]:7/v": "tcp [fe80::1%en1]:7 u p ",
		"unix:/run/b%20c":              "unix /run/b c   ",
	} {
		b, err := uri.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		network, address := b[0].Socket()
		login, passcode, vhost := b[0].Connect()
		if got := strings.Join([]string{network, address, login, passcode, vhost}, " "); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestSeveral(t *testing.T) {
	got, err := uri.Parse("stomp://u:p%2Cw@a:1, b:2,stomp://c")
	if err != nil || len(got) != 3 || dialled(got) != "stomp://u:p%2Cw@a:1,stomp://b:2,stomp://c:61613" || got.At(4).String() != "stomp://b:2" {
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
		name := fmt.Sprintf("a%%%02Xb", c)
		for _, in := range []string{
			"stomp://" + name + ":s3cret" + name + "@h:1/" + name,
			"stomps://:s3cret@[::1]:7",
			"ws://" + name + ":s3cret@h:2/ws?token=s3cret",
			"unix://" + name + ":s3cret@/" + name,
		} {
			b, err := uri.Parse(in)
			if err != nil {
				if c != 0 && c != '\n' && c != '\r' {
					t.Errorf("octet %#02x: %v", c, err)
				}
				continue
			}
			if _, err := conn.New(b.Dial(), &conn.Config{WebSocket: ws.Client}); err != nil {
				t.Errorf("octet %#02x: %v", c, err)
			}
			if again, err := uri.Parse(dialled(b)); err != nil || again[0] != b[0] {
				t.Errorf("octet %#02x: %s is read as %s: %v", c, b, again, err)
			}
			for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %q %d", b[0], b[0], b, b, b, b), fmt.Sprint(b, &b[0])} {
				if strings.Contains(shown, "s3cret") || strings.Contains(shown, fmt.Sprintf("%x", "s3cret")) {
					t.Errorf("octet %#02x: %s", c, shown)
				}
			}
		}
	}
}

// A password that is not in the URI is used by the addresses that have none.
func TestPasscodeFromElsewhere(t *testing.T) {
	b, err := uri.Parse("stomp://u@a:1,stomp://u:own@b:2")
	if err != nil {
		t.Fatal(err)
	}
	b.SetPasscode("s3,cret")
	if dialled(b) != "stomp://u:s3%2Ccret@a:1,stomp://u:own@b:2" || strings.Contains(b.String(), "cret") {
		t.Errorf("%s, dialled as %s", b, dialled(b))
	}
	b.SetPasscode("")
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
