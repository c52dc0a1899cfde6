package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// In 1.0 a CR is data: where a header comes back in an answer it is what it was.
func TestCarriageReturnIsDataOn10(t *testing.T) {
	b := start(t, broker.Config{})
	c := connect(t, b, "1.0")
	c.write("SUBSCRIBE\ndestination:/queue/a\r\nid:1\r\nreceipt:r\r1\r\n\n^@")
	c.expect("RECEIPT", "receipt-id:r\r1\r")
	c.write("SUBSCRIBE\ndestination:/queue/b\r\nreceipt:2\n\n^@")
	c.expect("RECEIPT", "receipt-id:2")
	c.send("/queue/a\r", "x", "receipt:3\r")
	c.expectBody("x", "subscription:1\r", "destination:/queue/a\r")
	c.expect("RECEIPT", "receipt-id:3\r")
	c.send("/queue/b\r", "x")
	c.expectBody("x", "destination:/queue/b\r")
	b.Inject(func(uint64, *frame.Frame) broker.Fault { return broker.Delay(1) })
	c.send("/queue/c", "x", "receipt:4\r")
	c.expect("RECEIPT", "receipt-id:4\r")
	b.Inject(nil)
	c.write("UNSUBSCRIBE\nid:none\nreceipt:5\r\n\n^@")
	c.expectError("unknown subscription", "receipt-id:5\r")

	c = connect(t, b, "1.2")
	c.subscribe("1", `/queue/c`, "auto")
	c.expectBody("x")
	c.subscribe("2", `/queue/d\r`, "auto") // what is a CR on 1.0 is \r on 1.2
	p := connect(t, b, "1.0")
	p.send("/queue/d\r", "y")
	c.expectBody("y", `destination:/queue/d\r`)
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
