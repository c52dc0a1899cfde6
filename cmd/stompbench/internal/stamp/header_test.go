package stamp_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

// A block in a header says the same as one in the body, for bodies of any size,
// and vouches for every byte of the body and of itself.
func TestHeader(t *testing.T) {
	var reader stamp.HeaderReader
	want := stamp.Stamp{Run: 1<<63 | 7, Producer: 12, Sequence: 1 << 40, Due: 5, Sent: -6}
	for _, size := range []int{0, 1, 7, 55, 56, 4096} {
		body := bytes.Repeat([]byte{0xa5}, size)
		value := stamp.AppendHeader(nil, &want, stamp.BodySum(body), size)
		if len(value) != stamp.HeaderSize || bytes.ContainsAny(value, ":\r\n\\ \x00") {
			t.Fatalf("value %q", value)
		}
		var got stamp.Stamp
		if err := reader.Read(value, body, &got); err != nil || got != want {
			t.Errorf("size %d: %+v, %v", size, got, err)
		}
		if err := reader.Read(nil, body, &got); !errors.Is(err, stamp.ErrForeign) {
			t.Errorf("no header: %v", err)
		}
		if err := reader.Read(value, append(body, 0), &got); !errors.Is(err, stamp.ErrCorrupt) {
			t.Errorf("a longer body: %v", err)
		}
		if err := reader.Read(value[1:], body, &got); !errors.Is(err, stamp.ErrCorrupt) {
			t.Errorf("a shorter value: %v", err)
		}
		for i := range value {
			damaged := bytes.Clone(value)
			damaged[i] ^= 3
			// The last character has two bits that say nothing.
			if err := reader.Read(damaged, body, &got); err == nil && i < len(value)-1 {
				t.Errorf("size %d: character %d is damaged and nobody notices", size, i)
			}
		}
		for i := range body {
			body[i] ^= 1
			if err := reader.Read(value, body, &got); !errors.Is(err, stamp.ErrCorrupt) {
				t.Fatalf("size %d: byte %d is damaged: %v", size, i, err)
			}
			body[i] ^= 1
		}
	}
}
