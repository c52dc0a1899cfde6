package broker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// "The protocol that will be used for the rest of the session will be the highest
// protocol version that both the client and server have in common."
func TestConnectChoosesHighestCommonVersion(t *testing.T) {
	b := start(t, broker.Config{})
	for _, tt := range []struct{ header, want string }{
		{"", "1.0"}, // "If the accept-version header is missing": 1.0 alone
		{"accept-version:1.0\n", "1.0"},
		{"accept-version:1.0,1.1\n", "1.1"},
		{"accept-version:1.0,1.1,1.2\n", "1.2"},
		{"accept-version:1.2,1.1\n", "1.2"},
		{"accept-version:1.1,2.0\n", "1.1"},
	} {
		for _, command := range []string{"CONNECT", "STOMP"} {
			t.Run(command+" "+tt.header, func(t *testing.T) {
				c := dial(t, b)
				c.write(command + "\n" + tt.header + "host:test\n\n^@")
				f := c.expect("CONNECTED", "version:"+tt.want, "server:stompwire", "heart-beat:1000,1000")
				if f.get("session") == "" {
					t.Errorf("got %v, want a session", f)
				}
			})
		}
	}
}

// "If the client and server do not share any common protocol versions, then the
// server MUST respond with an ERROR frame" and close.
func TestConnectRefusesUnknownVersions(t *testing.T) {
	b := start(t, broker.Config{})
	c := dial(t, b)
	c.write("CONNECT\naccept-version:2.0,3.1\nhost:test\n\n^@")
	c.expectError("no common version", "version:1.0,1.1,1.2")
}

// CRs at the ends of lines are part of them in CONNECT, whatever the version.
func TestConnectTakesCRLF(t *testing.T) {
	c := dial(t, start(t, broker.Config{}))
	c.write("CONNECT\r\naccept-version:1.2\r\nhost:test\r\n\r\n^@\r\n")
	c.expect("CONNECTED", "version:1.2")
	c.write("SUBSCRIBE\r\nid:1\r\ndestination:/queue/a\r\nreceipt:r\r\n\r\n^@\r\n")
	c.expect("RECEIPT", "receipt-id:r")
}

// CONNECT and CONNECTED are never unescaped; the frame behind CONNECT is, even if
// it is in the same chunk.
func TestConnectSwitchesEscapesBehindIt(t *testing.T) {
	b := start(t, broker.Config{Users: map[string]string{`a\b`: `p\c:x`}})
	c := dial(t, b)
	c.write("CONNECT\naccept-version:1.2\nhost:h\nlogin:a\\b\npasscode:p\\c:x\n\n^@" +
		"SUBSCRIBE\nid:a\\cb\ndestination:/queue/q\nreceipt:x\\ny\n\n^@")
	c.expect("CONNECTED")
	c.expect("RECEIPT", `receipt-id:x\ny`)
	c.send("/queue/q", "")
	c.expect("MESSAGE", `subscription:a\cb`)
}

// RabbitMQ, ActiveMQ and Artemis accept CONNECT with a lone line end as its body, in every version. Any other body is one
// only 1.0 allows.
func TestConnectWithEOLAsBody(t *testing.T) {
	b := start(t, broker.Config{})
	for _, command := range []string{"CONNECT", "STOMP"} {
		for header, version := range map[string]string{"": "1.0", "accept-version:1.0\n": "1.0", "accept-version:1.1\n": "1.1", "accept-version:1.2\n": "1.2"} {
			for _, body := range []string{"\n", "\r\n"} {
				c := dial(t, b)
				c.write(command + "\nhost:h\n" + header + "\n" + body + "^@")
				c.expect("CONNECTED", "version:"+version)
				c.sync()
			}
			for _, body := range []string{"\n\n", "x", "\nx", "\r"} {
				c := dial(t, b)
				c.write(command + "\nhost:h\n" + header + "\n" + body + "^@")
				if version == "1.0" {
					c.expect("CONNECTED", "version:1.0")
				} else {
					expectMalformed(c, frame.ErrBodyNotAllowed)
				}
			}
		}
	}
}

// expectMalformed reads the ERROR for a frame that breaks a rule.
func expectMalformed(c *client, rule error) {
	c.t.Helper()
	if f := c.expectError("malformed frame"); !strings.Contains(f.body, rule.Error()) {
		c.t.Errorf("the ERROR says %q, want %q", f.body, rule)
	}
}

// "Commands and headers are encoded in UTF-8" since 1.1; 1.0 does not say.
func TestConnectHeadersAreUTF8(t *testing.T) {
	b := start(t, broker.Config{})
	for _, version := range versions {
		c := dial(t, b)
		c.write("CONNECT\naccept-version:" + version + "\nhost:h\xff\n\n^@")
		if version == "1.0" {
			c.expect("CONNECTED", "version:1.0")
		} else {
			expectMalformed(c, frame.ErrBadUTF8)
		}
	}
}

// Frames before CONNECT are not served.
func TestFrameBeforeConnectIsRefused(t *testing.T) {
	b := start(t, broker.Config{})
	for _, f := range []string{
		"SEND\ndestination:/queue/a\nreceipt:r\n\nhello^@",
		"SUBSCRIBE\nid:1\ndestination:/queue/a\nreceipt:r\n\n^@",
		"DISCONNECT\nreceipt:r\n\n^@",
		"BEGIN\ntransaction:t\nreceipt:r\n\n^@",
	} {
		c := dial(t, b)
		c.write(f + "CONNECT\naccept-version:1.2\nhost:test\n\n^@")
		c.expectError("not connected", "receipt-id:r")
	}
	c := dial(t, b) // nothing is known of its version, so the receipt comes back octet by octet
	c.write("SEND\ndestination:/queue/a\nreceipt:a\\cb:c\xff\n\nhello^@")
	c.expectError("not connected", "receipt-id:a\\cb:c\xff")
	if st := b.Stats(); st.MessagesIn != 0 || st.Destinations != 0 {
		t.Errorf("%+v, want nothing taken", st)
	}
}

func TestSecondConnectIsRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.write("CONNECT\naccept-version:1.0,1.1,1.2\nhost:test\n\n^@")
		c.expectError("already connected")
	})
}

func TestConnectChecksPasscode(t *testing.T) {
	b := start(t, broker.Config{Users: map[string]string{"alice": "secret", "bob": ""}})
	for _, tt := range []struct {
		login, passcode string
		ok              bool
	}{
		{"alice", "secret", true},
		{"alice", "Secret", false},
		{"alice", "", false},
		{"alice", "secretsecret", false},
		{"bob", "", true},
		{"mallory", "", false},
		{"", "", false},
	} {
		t.Run(fmt.Sprintf("%s/%s", tt.login, tt.passcode), func(t *testing.T) {
			c := dial(t, b)
			c.write("CONNECT\naccept-version:1.2\nhost:h\nlogin:" + tt.login + "\npasscode:" + tt.passcode + "\n\n^@")
			if tt.ok {
				c.expect("CONNECTED")
				return
			}
			if f := c.expectError("access refused"); tt.passcode != "" && strings.Contains(f.String(), tt.passcode) {
				t.Errorf("%v tells the passcode", f)
			}
		})
	}
}

func TestConnectRefusesMalformedHeartBeat(t *testing.T) {
	b := start(t, broker.Config{})
	for _, value := range []string{"", "1", "1,", "a,b", "-1,5", "1,2,3", " 1,2"} {
		c := dial(t, b)
		c.write("CONNECT\naccept-version:1.2\nhost:h\nheart-beat:" + value + "\n\n^@")
		c.expectError("malformed heart-beat header")
	}
}

// The frames of servers are not for them.
func TestServerFramesAreRefused(t *testing.T) {
	b := start(t, broker.Config{})
	for _, command := range []string{"CONNECTED", "MESSAGE", "RECEIPT", "ERROR"} {
		c := connect(t, b, "1.2")
		c.write(command + "\nmessage-id:1\nreceipt:r\n\n^@")
		c.expectError("not a client frame", "receipt-id:r")
	}
}

// Session ids tell sessions apart.
func TestSessionsDiffer(t *testing.T) {
	b := start(t, broker.Config{})
	var ids []string
	for range 5 {
		c := dial(t, b)
		c.write("CONNECT\n\n^@")
		ids = append(ids, c.expect("CONNECTED").get("session"))
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 5 {
		t.Errorf("%q are not all different", ids)
	}
}
