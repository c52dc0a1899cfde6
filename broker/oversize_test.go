package broker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// The ERROR for a frame that is too large or malformed names its receipt, once that has been read.
func TestErrorNamesReceiptOfFrameThatCannotBeRead(t *testing.T) {
	b := start(t, broker.Config{Limits: frame.Limits{Body: 1000}})
	const send = "SEND\ndestination:/queue/q\nreceipt:r\\c1\n"
	for _, tt := range []struct{ name, wire, says string }{
		{"counted body", send + "content-length:1001\n\n", "body exceeds 1000 bytes"},
		{"counted body, and then the receipt", "SEND\ndestination:/queue/q\ncontent-length:1001\nreceipt:r\\c1\n\n", "body exceeds 1000 bytes"},
		{"body of gigabytes", send + "content-length:99999999999\n\n", "body exceeds 1000 bytes"},
		{"body", send + "\n" + strings.Repeat("x", 1001), "body exceeds 1000 bytes"},
		{"number of header lines", send + lines(128, "a:b"), "number of header lines exceeds 128"},
		{"header line", send + "a:" + strings.Repeat("x", 8191), "header line exceeds 8192 bytes"},
		{"header block", send + lines(9, "a:"+strings.Repeat("x", 8000)), "header block exceeds 65536 bytes"},
		{"no colon", send + "x\n", "header line without colon"},
		{"undefined escape", send + "x:\\t\n", "undefined escape"},
		{"stray CR", send + "x:a\rb\n", "carriage return"},
		{"bad content-length", send + "content-length:x\n\n", "content-length is not"},
		{"no NUL", send + "content-length:1\n\nab", "no NUL"},
		{"body of others", "BEGIN\ntransaction:t\nreceipt:r\\c1\n\nx", "body on a frame that has none"},
	} {
		for _, pieces := range []int{1, 7} {
			t.Run(fmt.Sprint(tt.name, "/", pieces), func(t *testing.T) {
				c := connect(t, b, "1.2")
				for text := range slices.Chunk([]byte(tt.wire), (len(tt.wire)+pieces-1)/pieces) {
					c.write(string(text))
				}
				if f := c.expectError("malformed frame", `receipt-id:r\c1`); !strings.Contains(f.body, tt.says) {
					t.Errorf("the ERROR says %q, want %q", f.body, tt.says)
				}
			})
		}
	}
	c := connect(t, b, "1.2")
	c.write("SEND\ndestination:/queue/q\nreceipt:r\n\n^@SEND\ndestination\n")
	c.expect("RECEIPT", "receipt-id:r")
	if f := c.expectError("malformed frame"); f.get("receipt-id") != "" {
		t.Errorf("%v names the receipt of an earlier frame", f)
	}
}
