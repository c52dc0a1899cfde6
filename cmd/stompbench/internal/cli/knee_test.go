package cli_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/cli"
)

// serving makes a broker of so many messages a second: each SEND waits until those
// before it have had their turn, and takes one of equal length. What a machine is late
// by is made up for, since the turns are by the clock.
func serving(perSecond float64) func(uint64, *frame.Frame) broker.Fault {
	var mu sync.Mutex
	turn := time.Duration(float64(time.Second) / perSecond)
	free := time.Now() // when the broker has done all that it has
	return func(_ uint64, f *frame.Frame) broker.Fault {
		if f.Command != frame.CmdSend {
			return broker.Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		free = free.Add(turn)
		return broker.Delay(free.Sub(now))
	}
}

// A broker that serves 400 messages a second has its knee there: what is sent faster
// waits, for as long as it goes on. The SLO allows a backlog to grow by a quarter of the
// rate, so the rate at which it fails is 400/0.75 a second.
func TestFindsTheKnee(t *testing.T) {
	t.Parallel()
	const served, allowed = 400.0, 0.25
	const fails = served / (1 - allowed)
	virtually(t, func(t testing.TB) {
		b := withFaults(t, serving(served))
		var r found
		object(t, cli.ExitOK, "find --from 100 --to 10k --within 10% --dwell 1s --warmup 200ms --repeat 1 --max-time 80s --slo lost=0,backlog.slope_share<=25%"+
			" --drain-timeout 30s --connect-timeout 1m -u "+b.URI(), &r)
		r.tidy(t)
		t.Logf("%d steps, %s: the knee is from %.0f to %.0f, about %.0f; up to %.0f passed, from %.0f failed",
			len(r.Steps), r.Ended, r.Knee.Low, r.Knee.High, r.Knee.Likely, r.Rate, r.Failed)
		if r.Rate >= fails || r.Failed <= fails || r.Failed > 1.1*r.Rate || r.Knee.Low > fails || r.Knee.High < fails || r.Knee.High > 1.5*r.Knee.Low {
			t.Errorf("the knee is at %v, and the search says %+v of %+v", fails, r.Knee, r.Rates)
		}
	})
}
