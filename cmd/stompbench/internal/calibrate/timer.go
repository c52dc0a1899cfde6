package calibrate

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// Timer is how late a way to wait is, in nanoseconds, with 1,000 wake-ups a second.
type Timer struct {
	Name  string `json:"name"`
	P50   int64  `json:"p50_ns"`
	P99   int64  `json:"p99_ns"`
	Max   int64  `json:"max_ns"`
	Count uint64 `json:"count"`
}

// The ways to wait that a run chooses from.
const (
	PacerTimer   = "pacer" // up to 16 producers
	RuntimeTimer = "time.Sleep"
)

func measureTimers(ctx context.Context, each time.Duration) (timers []Timer, err error) {
	for _, name := range []string{PacerTimer, RuntimeTimer} {
		sleep := time.Sleep
		if name == PacerTimer {
			sleep = world.Sleep(ctx)
		}
		h, clock := histo.New(), stamp.NewClock()
		p, start := pacer.New(clock.Now, sleep), clock.Now()
		for ms := time.Millisecond; ms <= each; ms += time.Millisecond {
			due := start + int64(ms)
			now, err := p.Wait(ctx, due)
			if err != nil {
				return nil, err
			}
			h.Record(now - due)
		}
		timers = append(timers, Timer{name, int64(h.Percentile(50)), int64(h.Percentile(99)), int64(h.Max()), h.Count()})
	}
	return timers, nil
}
