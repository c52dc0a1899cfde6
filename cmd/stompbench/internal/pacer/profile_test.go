package pacer_test

import (
	"math"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
)

// Each profile has, by the end of each of its segments, as many messages due as
// the area under the rate, over any number of producers; and none comes before
// the one before it.
func TestProfiles(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		profile pacer.Profile
		at      map[time.Duration]uint64 // how many are due before
	}{
		"steps":         {pacer.Profile{{1000, 1000, 3 * s}, {5000, 5000, 2 * s}}, map[time.Duration]uint64{3 * s: 3000, 4 * s: 8000, 5 * s: 13000, time.Hour: 13000}},
		"ramp up":       {pacer.Profile{{0, 2000, 10 * s}}, map[time.Duration]uint64{5 * s: 2500, 10 * s: 10000}},
		"ramp down":     {pacer.Profile{{2000, 0, 10 * s}}, map[time.Duration]uint64{5 * s: 7500, 10 * s: 10000}},
		"pause":         {pacer.Profile{{100, 100, s}, {0, 0, 5 * s}, {100, 100, s}}, map[time.Duration]uint64{s: 100, 6 * s: 100, 7 * s: 200}},
		"up, then hold": {pacer.Profile{{100, 300, 10 * s}, {300, 300, 0}}, map[time.Duration]uint64{10 * s: 2000, 20 * s: 5000}},
	} {
		for _, producers := range []int{1, 3, 7} {
			due := make(map[time.Duration]uint64)
			for i := range producers {
				schedule := pacer.NewSchedule(42, c.profile, i, producers)
				for at := range c.at {
					due[at] += schedule.Before(42 + int64(at))
				}
				last := int64(0)
				for k := range uint64(500) {
					now := schedule.Due(k)
					if now < last {
						t.Fatalf("%s: message %d is due at %d, the one before at %d", name, k, now, last)
					}
					last = now
				}
			}
			for at, want := range c.at {
				if got := due[at]; math.Abs(float64(got)-float64(want)) > 1 {
					t.Errorf("%s, %d producers: %d due by %v, want %d", name, producers, got, at, want)
				}
			}
		}
	}
}

func TestProfileSums(t *testing.T) {
	p := pacer.Profile{{0, 100, 10 * time.Second}, {400, 400, 5 * time.Second}}
	if p.Length() != 15*time.Second || p.Max() != 400 || math.Abs(p.Mean()-2500.0/15) > 1e-9 {
		t.Errorf("%v long, mean %v, max %v", p.Length(), p.Mean(), p.Max())
	}
	if c := pacer.Constant(7); c.Length() != 0 || c.Mean() != 7 {
		t.Errorf("%v", c)
	}
	s := pacer.NewSchedule(0, p, 0, 1)
	if s.Due(1e9) != pacer.Never {
		t.Error("a message is due after the end")
	}
}
