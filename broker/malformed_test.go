package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

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
