package dial

import (
	"math"
	"time"
)

// Backoff is how long to pause before the next round over the addresses of a broker.
// A field that is 0 has its default, and a negative one is 0.
type Backoff struct {
	Initial  time.Duration // the first pause; default 100 ms
	Increase float64       // each pause is longer than the last by this part of it; default 0.5
	Jitter   float64       // a random part of a pause, up to this, is added to it; default 0.1
	Max      time.Duration // the longest pause, before jitter; default 60 s
}

func (b Backoff) withDefaults() Backoff {
	signedDefault(&b.Initial, 100*time.Millisecond)
	signedDefault(&b.Increase, 0.5)
	signedDefault(&b.Jitter, 0.1)
	signedDefault(&b.Max, 60*time.Second)
	return b
}

func signedDefault[T time.Duration | float64](v *T, def T) {
	if *v == 0 {
		*v = def
	}
	*v = max(*v, 0)
}

// Pause returns how long to wait after the n-th round in a row that failed, n from 1:
//
//	min(Max, Initial · (1+Increase)ⁿ⁻¹) · (1 + chance·Jitter)
//
// chance is a random number within [0, 1). It keeps many clients that lost the same
// broker from coming back at the same moment.
func (b Backoff) Pause(n int, chance float64) time.Duration {
	b = b.withDefaults()
	pause := float64(b.Initial)
	if pause > 0 { // 0·∞ is not a number
		pause *= math.Pow(1+b.Increase, float64(max(n, 1)-1))
	}
	if !(pause <= float64(b.Max)) {
		pause = float64(b.Max)
	}
	pause *= 1 + chance*b.Jitter
	if !(pause < math.MaxInt64) {
		return math.MaxInt64
	}
	return time.Duration(pause)
}
