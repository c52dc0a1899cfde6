//go:build !race

package alloctest

import "testing"

var sink []byte

// What is allocated in every run is found, and what was allocated once is not.
func TestLeast(t *testing.T) {
	calls := 0
	round := func(always int) func() {
		return func() {
			calls++
			if calls < 5 {
				sink = make([]byte, 1)
			}
			for range always {
				sink = make([]byte, 1)
			}
		}
	}
	for _, always := range []int{0, 1, 1000} {
		calls = 0
		if got := Least(1, round(always)); got != float64(always) {
			t.Errorf("%v allocations, want %d", got, always)
		}
	}
}
