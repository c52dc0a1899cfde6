package conn

import (
	"math"
	"time"
)

// Backoff says how long to pause before the next round over the addresses of a
// broker. A field that is 0 has its default, a negative one is 0.
type Backoff struct {
	Initial  time.Duration // the first pause; default 100 ms
	Increase float64       // what each pause adds to the last, as a part of it; default 0.5
	Jitter   float64       // up to which part of a pause is added by chance; default 0.1
	Max      time.Duration // of a pause, before jitter; default 60 s
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

// Pause returns how long to wait after the n-th round in a row that failed, n from
// 1 on. chance is within [0, 1): so many clients that lost the same broker do not
// come back in step.
func (b Backoff) Pause(n int, chance float64) time.Duration {
	b = b.withDefaults()
	growth := 1 + b.Increase
	pause := float64(b.Initial) / growth * math.Pow(growth, float64(n))
	return time.Duration(min(float64(b.Max), pause) * (1 + chance*b.Jitter))
}
