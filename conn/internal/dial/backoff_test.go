package dial_test

import (
	"math"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn/internal/dial"
)

// The formula: min(max, initial · (1+increase)ⁿ⁻¹) · (1 + chance·jitter), n from 1.
func TestBackoffPause(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name   string
		b      dial.Backoff
		n      int
		chance float64
		want   time.Duration
	}{
		{"first is initial", dial.Backoff{}, 1, 0, 100 * ms},
		{"half as long again", dial.Backoff{}, 2, 0, 150 * ms},
		{"and again", dial.Backoff{}, 3, 0, 225 * ms},
		{"16th, below the cap", dial.Backoff{}, 16, 0, 43789389038 * time.Nanosecond},
		{"17th, capped", dial.Backoff{}, 17, 0, 60 * time.Second},
		{"for ever", dial.Backoff{}, 1 << 20, 0, 60 * time.Second},
		{"jitter", dial.Backoff{}, 1, 0.5, 105 * ms},
		{"jitter after the cap", dial.Backoff{}, 100, 0.5, 63 * time.Second},
		{"doubling", dial.Backoff{Initial: 10 * ms, Increase: 1, Jitter: -1}, 5, 0.9, 160 * ms},
		{"constant", dial.Backoff{Initial: 10 * ms, Increase: -1, Jitter: -1}, 50, 0.9, 10 * ms},
		{"full jitter", dial.Backoff{Jitter: 1}, 1, 0.75, 175 * ms},
		{"initial above the cap", dial.Backoff{Initial: time.Hour, Max: time.Minute}, 1, 0, time.Minute},
		{"none", dial.Backoff{Initial: -1}, 7, 0.9, 0},
		{"none, for ever", dial.Backoff{Initial: -1}, 1 << 20, 0.9, 0},
		{"none because of the cap", dial.Backoff{Max: -1}, 1, 0.9, 0},
		{"n too small", dial.Backoff{}, 0, 0, 100 * ms},
		{"no number", dial.Backoff{Increase: math.NaN()}, 2, 0, time.Minute},
		{"infinite", dial.Backoff{Increase: math.Inf(1)}, 1, 0, 100 * ms},
		{"infinite, second", dial.Backoff{Increase: math.Inf(1)}, 2, 0, time.Minute},
		{"longer than a Duration", dial.Backoff{Initial: math.MaxInt64, Max: math.MaxInt64}, 9, 0.5, math.MaxInt64},
	} {
		if got := c.b.Pause(c.n, c.chance); got < 0 || (got-c.want).Abs() > time.Microsecond {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}
