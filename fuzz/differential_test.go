package fuzz

import (
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// FuzzDifferential: the parser finds the same frames as the reference decoder, or
// the same rule broken at the same octet.
func FuzzDifferential(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte, version uint8, cuts uint64, small bool) {
		v := frame.Version(version & 3)
		l := limitsOf(small)
		want := expect(data, v, l)
		compare(t, feed(t, data, v, l, 0, 0), want)
		compare(t, feed(t, data, v, l, cuts|1, 0), want)
	})
}
