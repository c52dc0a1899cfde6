package interop_test

import (
	"bytes"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// Bodies are octets, and as many as there are.
func TestBodies(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	mebibyte := bytes.Repeat(every, 1<<12)
	for i := range mebibyte { // so that a block that is missing or comes twice shows
		mebibyte[i] ^= byte(i >> 8)
	}
	cases := []struct {
		name string
		body []byte
	}{
		{"empty", nil},
		{"nul", []byte{0}},
		{"nuls", []byte("\x00a\x00\x00b\n\x00")},
		{"looks-like-a-frame", []byte("x\x00\nMESSAGE\nsubscription:1\n\n\x00\n")},
		{"every-octet", every},
		{"64KiB", mebibyte[:64<<10]},
		{"1MiB", mebibyte},
	}
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c, q := tg.dial(t, version(v)), queue()
			in := subscribe(t, c, q, frame.AckAuto)
			for _, test := range cases {
				if err := c.SendReceipt(within(t), q, test.body); err != nil {
					t.Fatalf("%s: %v", test.name, err)
				}
				if m := in.next(t); !bytes.Equal(m.Body, test.body) {
					t.Errorf("%s: %d octets came, %d were sent; they begin with %.40q", test.name, len(m.Body), len(test.body), m.Body)
				}
			}
			in.expectEnd(t)
			disconnect(t, c)
		})
	})
}
