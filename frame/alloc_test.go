//go:build !race

package frame_test

import (
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/alloctest"
)

func TestAllocLookups(t *testing.T) {
	h := frame.Fields{{"destination", "/queue/a"}, {"message-id", "7"}, {"subscription", "1"}}.Header()
	name := []byte("UNSUBSCRIBE")
	buf := make([]byte, 0, 100)
	ops := map[string]func(){
		"Lookup":         func() { h.Lookup("subscription") },
		"At":             func() { h.At(2) },
		"ParseCommand":   func() { frame.ParseCommand(name) },
		"AppendEscaped":  func() { buf = frame.AppendEscaped(buf[:0], "a:b\\c", frame.Version12) },
		"AppendUnescape": func() { buf, _ = frame.AppendUnescaped(buf[:0], `a\cb`, frame.Version12) },
	}
	for op, f := range ops {
		n := alloctest.Least(10, func() {
			for range 1000 {
				f()
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations in 1000 calls, want 0", op, n)
		}
	}
}
