package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// In 1.0 a CR is data, and no header that we write can have one: what would have to be
// said again is refused, rather than answered without it or not at all.
func TestCarriageReturnThatCannotBeSaid(t *testing.T) {
	b := start(t, broker.Config{})
	for _, frame := range []string{
		"SUBSCRIBE\ndestination:/queue/a\r\nid:1\n\n^@",
		"SUBSCRIBE\ndestination:/queue/a\nid:1\r\n\n^@",
		"SUBSCRIBE\ndestination:/queue/a\r\n\n^@",
		"SUBSCRIBE\ndestination:/queue/a\nreceipt:1\r\n\n^@",
		"SEND\ndestination:/queue/a\nreceipt:1\r\n\n^@",
		"BEGIN\ntransaction:1\nreceipt:1\r\n\n^@",
	} {
		c := connect(t, b, "1.0")
		c.write(frame)
		if f := c.expectError("carriage return in a header"); f.get("receipt-id") != "" {
			t.Errorf("%q: got %v", frame, f)
		}
	}
	c := connect(t, b, "1.0")
	c.write("UNSUBSCRIBE\nid:none\nreceipt:1\r\n\n^@")
	c.expectError("carriage return in a header")
	if n := b.Stats().MessagesIn; n != 0 {
		t.Errorf("%d messages were taken", n)
	}
	c = connect(t, b, "1.0") // a destination that only we know, and a header that others get or not
	c.write("SEND\ndestination:/queue/b\r\na:b\r\nreceipt:1\n\n^@")
	c.expect("RECEIPT", "receipt-id:1")
}

// "If a limit is exceeded the server SHOULD send the client an ERROR frame and then close the connection" (STOMP 1.2, Size
// Limits), and so for every other frame that cannot be read.
func TestMalformedFrameGetsErrorThenClose(t *testing.T) {
	b := start(t, broker.Config{})
	for _, c := range []struct{ name, wire, says string }{
		{"unknown command", "HELLO\n\n^@", "unknown command"},
		{"no colon", "SEND\ndestination\n\n^@", "without colon"},
		{"undefined escape", "SEND\ndestination:a\\t\n\n^@", "undefined escape"},
		{"missing NUL", "SEND\ndestination:a\ncontent-length:1\n\nab^@", "no NUL"},
		{"content-length of terabytes", "SEND\ndestination:a\ncontent-length:9999999999999\n\n", "exceeds"},
		{"endless header", "SEND\ndestination:" + strings.Repeat("a", 9000), "header line exceeds 8192 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := connect(t, b, "1.2")
			cl.write(c.wire)
			got := cl.expectError("malformed frame")
			if !strings.Contains(got.body, c.says) {
				t.Errorf("ERROR says %q, want %q in it", got.body, c.says)
			}
			cl.expectEnd()
		})
	}
}
