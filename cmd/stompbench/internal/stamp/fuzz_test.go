package stamp_test

import (
	"bytes"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

// Whatever the body or the header, reading fails without a panic or gives a stamp that is written as
// the same bytes.
func FuzzRead(f *testing.F) {
	body := make([]byte, stamp.Size+3)
	s := stamp.Stamp{Run: 1, Producer: 2, Part: 3, Priority: 4, Warmup: true, Sequence: 5, Due: 6, Sent: 7}
	stamp.Write(body, &s, stamp.PayloadSum(body))
	f.Add(body, stamp.AppendHeader(nil, &s, stamp.BodySum(body), len(body)))
	f.Add(body[:20], []byte("x"))
	f.Fuzz(func(t *testing.T, body, header []byte) {
		var s stamp.Stamp
		if stamp.Read(body, &s) == nil {
			again := bytes.Clone(body)
			if stamp.Write(again, &s, stamp.PayloadSum(again)); !bytes.Equal(again[:52], body[:52]) {
				t.Errorf("%x is written as %x", body, again)
			}
		}
		var r stamp.HeaderReader
		_ = r.Read(header, body, &s)
	})
}
