package load_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Of a broker that delivers so many a second, the backlog grows by the rest of them: in
// the measured part, not in a warm-up, and not by what comes in after the last send.
func TestBacklogSlope(t *testing.T) {
	for name, c := range map[string]struct {
		after func(n int) time.Duration // from message n, 1 ms apart, to its delivery
		want  float64
	}{
		"keeps up":      {func(int) time.Duration { return 20 * time.Millisecond }, 0},
		"delivers half": {func(n int) time.Duration { return time.Duration(n) * time.Millisecond }, 500},
		"delivers half in the warm-up": {func(n int) time.Duration {
			return time.Duration(min(n, 500)) * time.Millisecond
		}, 0},
		"recovers": {func(n int) time.Duration { return time.Duration(max(0, 1500-n/2)) * time.Millisecond }, -1000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &fakeBroker{deliverAfter: c.after}
				r, err := load.Run(t.Context(), load.Options{Dialer: b, Plan: plan(t, 0, func(p *workload.Plan) {
					p.Producers, p.Window, p.Rate, p.Profile = 20, 0, 1000, pacer.Constant(1000) // more than get a thread to sleep on
					p.Warmup, p.Duration, p.DrainTimeout = time.Second, 2*time.Second, time.Minute
				})})
				if err != nil {
					t.Fatal(err)
				}
				if !r.BacklogTrend || math.Abs(r.BacklogSlope-c.want) > 10 {
					t.Errorf("%v, known %v, want %v", r.BacklogSlope, r.BacklogTrend, c.want)
				}
			})
		})
	}
}

// A run that does not know both ends reports no backlog.
func TestNoBacklogSlope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := load.Run(t.Context(), load.Options{Dialer: &fakeBroker{}, Plan: plan(t, 0, func(p *workload.Plan) {
			p.Producers, p.Consumers, p.Rate, p.Profile, p.Duration = 20, 0, 1000, pacer.Constant(1000), time.Second
		})})
		if err != nil || r.BacklogTrend {
			t.Errorf("%v, %v, %v", r.BacklogSlope, r.BacklogTrend, err)
		}
	})
}
