package sink

import (
	"bytes"
	"testing"
)

// Whatever arrives, and wherever reads cut it, the decoder does not panic, answers the same, and
// keeps nothing but the rest.
func FuzzFeed(f *testing.F) {
	f.Add([]byte("CONNECT\n\n\x00\nSEND\nreceipt:1\ncontent-length:3\n\na\x00b\x00SEND\nreceipt:2\n\nx\x00"), 7)
	f.Add([]byte("SEND\ncontent-length:9223372036854775807\n\n"), 1)
	f.Add([]byte("\n\n\n"), 2)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		var whole, parts decoder
		_, err := whole.feed(data)
		if whole.skip < 0 {
			t.Errorf("%d octets to skip", whole.skip)
		}
		at := 0
		if len(data) > 0 {
			at = int(uint(cut) % uint(len(data)))
		}
		rest, first := parts.feed(data[:at])
		if first != nil {
			return
		}
		if _, second := parts.feed(append(bytes.Clone(rest), data[at:]...)); (second == nil) != (err == nil) {
			t.Errorf("cut at %d: %v, in one piece %v", at, second, err)
		}
		if err == nil && (!bytes.Equal(whole.out, parts.out) || whole.sends != parts.sends) {
			t.Errorf("cut at %d: %q, in one piece %q", at, parts.out, whole.out)
		}
	})
}
