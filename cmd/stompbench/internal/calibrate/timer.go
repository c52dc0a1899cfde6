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

func measureTimers(ctx context.Context, each time.Duration) ([]Timer, error) {
	ways := []struct {
		name  string
		sleep func(time.Duration)
	}{{PacerTimer, world.Sleep(ctx)}, {RuntimeTimer, time.Sleep}}
	timers := make([]Timer, 0, len(ways))
	for _, w := range ways {
		h, err := lateness(ctx, w.sleep, each)
		if err != nil {
			return nil, err
		}
		timers = append(timers, Timer{
			Name: w.name, Count: h.Count(),
			P50: int64(h.Percentile(50)), P99: int64(h.Percentile(99)), Max: int64(h.Max()),
		})
	}
	return timers, nil
}

// lateness measures the lateness of sleep, once each millisecond, for the given time.
func lateness(ctx context.Context, sleep func(time.Duration), each time.Duration) (*histo.Histogram, error) {
	clock := stamp.NewClock()
	p, h := pacer.New(clock.Now, sleep), histo.New()
	start := clock.Now()
	for ms := time.Millisecond; ms <= each; ms += time.Millisecond {
		due := start + int64(ms)
		now, err := p.Wait(ctx, due)
		if err != nil {
			return nil, err
		}
		h.Record(now - due)
	}
	return h, nil
}
