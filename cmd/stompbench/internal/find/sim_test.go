package find_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
)

// simulated is a broker whose knee is known.
type simulated struct {
	knee  float64
	noise float64 // how far the knee of a step lies from that, as the deviation of its logarithm
	// flips is the share of steps that go the other way, whatever the rate; stalls that
	// of steps that the generator fails.
	flips, stalls float64
	// ceiling is what the generator reaches, 0 for any rate.
	ceiling float64
	// sulks is by how much the knee is lower in a step that follows one which was too
	// much.
	sulks float64

	random *rand.Rand
	sulky  bool
	steps  int
}

func (b *simulated) test(_ context.Context, rate float64) (find.Step, error) {
	b.steps++
	knee := b.knee * math.Exp(b.noise*b.random.NormFloat64())
	if b.sulky {
		knee *= 1 - b.sulks
	}
	p := find.Step{SentPerSecond: min(rate, knee), P50: int64(time.Millisecond), P99: int64(1e6 / max(0.001, 1-rate/knee))}
	met := rate <= knee
	b.sulky = !met
	if b.random.Float64() < b.flips {
		met = !met
	}
	switch {
	case b.ceiling > 0 && rate > b.ceiling, b.random.Float64() < b.stalls:
		met, p.GeneratorLimited, b.sulky = false, true, false
	}
	p.Rules = []find.Rule{{Name: "limit", Met: met}}
	return p, nil
}

// The seeds are fixed, so this is not a matter of luck: the interval holds the knee as often as it says it does, whatever the broker is like:
// over many brokers each, of which every one is another.
func TestKneeIsWhereItIsSaidToBe(t *testing.T) {
	const brokers = 100
	for name, c := range map[string]struct {
		broker simulated
		least  float64 // of the intervals that hold it
		width  float64 // of the interval, in ratio, at most, of half of them
		steps  int     // at most, of half of them
	}{
		"sharp":                   {simulated{}, 0.97, 1.2, 20},
		"noise of 2 %":            {simulated{noise: 0.02}, 0.95, 1.2, 20},
		"noise of 10 %":           {simulated{noise: 0.1}, 0.85, 1.3, 30},
		"now and then a flip":     {simulated{flips: 0.05}, 0.95, 1.2, 25},
		"noise and flips":         {simulated{noise: 0.05, flips: 0.05}, 0.93, 1.25, 30},
		"a machine that stalls":   {simulated{noise: 0.02, stalls: 0.1}, 0.95, 1.2, 25},
		"a broker that takes ill": {simulated{noise: 0.02, sulks: 0.08}, 0.88, 1.25, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held, widths, counts := 0, []float64{}, []float64{}
			for seed := range uint64(brokers) {
				b := c.broker
				b.random = rand.New(rand.NewPCG(seed, 7))
				b.knee = math.Exp(b.random.Float64()*8) * 500 // 500 to 1.5 million
				r, err := find.Search(t.Context(), find.Config{From: 1000, To: 1e8, Within: 0.05, Repeats: 2, Budget: time.Hour}, b.test, nil)
				if err != nil || r.Ended != find.Found && (b.stalls == 0 || r.Ended != find.ByLimit) {
					t.Fatalf("seed %d: %v, %q", seed, err, r.Ended)
				}
				k := r.Knee
				if k.Low <= b.knee && (b.knee <= k.High || k.High == 0) {
					held++
				}
				if r.Ended == find.ByLimit { // the machine stalled whenever it was tried
					continue
				}
				if k.Low <= 0 || k.High <= k.Low || k.Likely < k.Low || k.Likely > k.High {
					t.Fatalf("seed %d, knee %.0f: %+v", seed, b.knee, k)
				}
				if r.Rate >= r.Failed || r.Best().Pass != true || r.Worst().Pass {
					t.Fatalf("seed %d: %v, %v", seed, r.Rate, r.Failed)
				}
				widths, counts = append(widths, k.High/k.Low), append(counts, float64(len(r.Steps)))
			}
			t.Logf("%.1f %% of the intervals hold the knee; median width %.3f, median steps %v, most %v",
				100*float64(held)/brokers, median(widths), median(counts), counts[len(counts)-1])
			if share := float64(held) / brokers; share < c.least {
				t.Errorf("%.3f of the intervals hold the knee, want %v", share, c.least)
			}
			if median(widths) > c.width || median(counts) > float64(c.steps) {
				t.Errorf("median width %v and steps %v", median(widths), median(counts))
			}
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
