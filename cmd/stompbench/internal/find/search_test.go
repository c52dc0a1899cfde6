package find_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
)

// upTo passes rates up to a limit, and takes a second for each.
func upTo(limit float64) find.Test {
	return func(_ context.Context, rate float64) (find.Step, error) {
		time.Sleep(time.Second)
		ms := int64(1 + rate/limit*10)
		rules := []find.Rule{{Name: "always", Met: true}, {Name: "limit", Met: rate <= limit}}
		return find.Step{Rules: rules, P99: ms * int64(time.Millisecond), SentPerSecond: min(rate, limit)}, nil
	}
}

func TestSearch(t *testing.T) {
	for _, c := range []struct {
		limit, from, to float64
		budget          time.Duration
		ended           string
	}{
		{50_000, 1000, 1e6, time.Hour, find.Found},
		{1000, 1000, 1e6, time.Hour, find.Found},
		{1999, 1000, 1e6, time.Hour, find.Found},
		{33, 1000, 1e6, time.Hour, find.Found}, // below the start
		{0.5, 1000, 1e6, time.Hour, find.TooSlow},
		{2e6, 1000, 1e6, time.Hour, find.AtTop},
		{2e6, 1000, 1000, time.Hour, find.AtTop},
		{2e6, 5000, 1000, time.Hour, find.AtTop},
		{50_000, 1000, 1e6, 5 * time.Second, find.TimeUp},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg := find.Config{From: c.from, To: c.to, Within: 0.05, Repeats: 2, Budget: c.budget}
			shown, began := 0, time.Now()
			r, err := find.Search(t.Context(), cfg, upTo(c.limit), func(s *find.Step, r find.Rate) {
				if shown++; r.Rate != s.Rate || r.Tries() == 0 {
					t.Errorf("%+v of %+v", r, s)
				}
			})
			if err != nil || r.Ended != c.ended || shown != len(r.Steps) {
				t.Fatalf("%+v: %v, %s, %d of %d steps shown", c, err, r.Ended, shown, len(r.Steps))
			}
			if took := time.Since(began); took > c.budget {
				t.Errorf("%+v: took %v", c, took)
			}
			switch c.ended {
			case find.Found:
				if r.Rate > c.limit || r.Rate < c.limit/1.06 || r.Failed <= c.limit || r.Failed > r.Rate*1.06 {
					t.Errorf("%+v: between %v and %v", c, r.Rate, r.Failed)
				}
				lo, hi := r.At(r.Rate), r.At(r.Failed)
				if lo.Passed != 3 || hi.Failed != 3 || lo.Tries()+hi.Tries() != 6 || !r.Best().Pass || r.Worst().Pass || len(r.Undecided()) > 0 {
					t.Errorf("%+v: %+v, %+v", c, lo, hi)
				}
				if k := r.Knee; k.Low > c.limit || k.High < c.limit || k.High > 1.5*k.Low {
					t.Errorf("%+v: %+v", c, k)
				}
			case find.AtTop:
				if r.Rate != c.to || r.Failed != 0 || r.Worst() != nil || r.At(c.to).Passed != 3 || r.Knee.Low != c.to || r.Knee.High != 0 {
					t.Errorf("%+v: %v, %v, %+v", c, r.Rate, r.Failed, r.Knee)
				}
			case find.TooSlow:
				if r.Rate != 0 || r.Best() != nil || r.Failed > 2 || r.Knee.Low != 0 || r.Knee.High > 4 {
					t.Errorf("%+v: %v, %v, %+v", c, r.Rate, r.Failed, r.Knee)
				}
			case find.TimeUp:
				if r.Rate == 0 || len(r.Steps) != 5 {
					t.Errorf("%+v: %v after %d steps", c, r.Rate, len(r.Steps))
				}
			}
		})
	}
}

// script answers the tries of each rate in turn: p passes, f fails, g is failed by the
// generator; the last answer stands. Rates that it does not name pass up to a knee.
func script(knee float64, answers map[float64]string) find.Test {
	tries := map[float64]int{}
	return func(_ context.Context, rate float64) (find.Step, error) {
		answer := byte('p')
		if rate > knee {
			answer = 'f'
		}
		if all := answers[rate]; all != "" {
			answer = all[min(tries[rate], len(all)-1)]
			tries[rate]++
		}
		return find.Step{Rules: []find.Rule{{Met: answer == 'p'}}, GeneratorLimited: answer == 'g'}, nil
	}
}

// path is which rates a search tried, in order, and what became of it.
func path(r *find.Result) string {
	var all []string
	for i := range r.Steps {
		s := &r.Steps[i]
		all = append(all, fmt.Sprintf("%s %.0f %s", s.Phase, s.Rate, s.Verdict()))
	}
	return strings.Join(all, ", ")
}

// What chance did is tried again, and the search goes where most steps say.
func TestSearchDoubtsWhatHappenedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		knee      float64
		answers   map[float64]string
		repeats   int
		path      string
		ended     string
		low, high float64 // the bounds
		undecided []float64
	}{
		"nothing does": {
			3000, nil, 1,
			"climb 1000 pass, climb 2000 pass, climb 4000 fail, narrow 2828 pass, repeat 2828 pass, repeat 4000 fail",
			find.Found, 2828, 4000, nil,
		},
		"no repeats": {
			3000, nil, 0, "climb 1000 pass, climb 2000 pass, climb 4000 fail, narrow 2828 pass", find.Found, 2828, 4000, nil,
		},
		"a failure on the way up": {
			6000, map[float64]string{2000: "fp"}, 1,
			"climb 1000 pass, climb 2000 fail, narrow 1414 pass, repeat 1414 pass, repeat 2000 pass, climb 4000 pass, " +
				"climb 8000 fail, narrow 5657 pass, repeat 5657 pass, repeat 8000 fail",
			find.Found, 5657, 8000, []float64{2000},
		},
		"a pass too high": {
			3000, map[float64]string{4000: "pf"}, 1,
			"climb 1000 pass, climb 2000 pass, climb 4000 pass, climb 8000 fail, narrow 5657 fail, repeat 4000 fail, " +
				"narrow 2828 pass, repeat 2828 pass, repeat 5657 fail",
			find.Found, 2828, 5657, []float64{4000},
		},
		"failures below passes": {
			1e9, map[float64]string{1000: "f"}, 1,
			"climb 1000 fail, climb 500 pass, narrow 707 pass, repeat 707 pass, repeat 1000 fail",
			find.Found, 707, 1000, nil,
		},
		"the generator fails once": {
			3000, map[float64]string{2000: "gp", 4000: "gf"}, 1,
			"climb 1000 pass, climb 2000 generator, repeat 2000 pass, climb 4000 generator, repeat 4000 fail, " +
				"narrow 2828 pass, repeat 2828 pass, repeat 4000 fail",
			find.Found, 2828, 4000, nil,
		},
		"the generator fails each time": {
			1e9, map[float64]string{4000: "g", 8000: "g"}, 2,
			"climb 1000 pass, climb 2000 pass, climb 4000 generator, repeat 4000 generator, narrow 2828 pass, " +
				"repeat 2828 pass, repeat 2828 pass, repeat 4000 generator",
			find.ByLimit, 2828, 4000, nil,
		},
		"the generator fails all": {
			1e9, map[float64]string{1000: "g", 500: "g", 250: "g", 125: "p"}, 1,
			"climb 1000 generator, repeat 1000 generator, climb 500 generator, repeat 500 generator, climb 250 generator, " +
				"repeat 250 generator, climb 125 pass, narrow 177 pass, repeat 177 pass",
			find.ByLimit, 177, 250, nil,
		},
		"the top flips": {
			1e9, map[float64]string{8000: "pf"}, 1,
			"climb 1000 pass, climb 2000 pass, climb 4000 pass, climb 8000 pass, repeat 8000 fail, narrow 5657 pass, repeat 5657 pass",
			find.AtTop, 5657, 0, []float64{8000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := find.Config{From: 1000, To: 8000, Within: 0.42, Repeats: c.repeats, Budget: time.Hour}
			r, err := find.Search(t.Context(), cfg, script(c.knee, c.answers), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := path(r); got != c.path {
				t.Errorf("\n got %s\nwant %s", got, c.path)
			}
			if r.Ended != c.ended || math.Round(r.Rate) != c.low || math.Round(r.Failed) != c.high || r.ByGenerator() != (c.ended == find.ByLimit) {
				t.Errorf("%s, %v to %v", r.Ended, r.Rate, r.Failed)
			}
			var undecided []float64
			for _, rate := range r.Undecided() {
				undecided = append(undecided, rate.Rate)
			}
			if !slices.Equal(undecided, c.undecided) {
				t.Errorf("undecided are %v", undecided)
			}
		})
	}
}

// The generator's limit is not the knee: of what is above it nothing is said.
func TestGeneratorIsNoKnee(t *testing.T) {
	b := &simulated{knee: 100_000, ceiling: 50_000, random: rand.New(rand.NewPCG(1, 1))}
	r, err := find.Search(t.Context(), find.Config{From: 1000, To: 1e7, Within: 0.05, Repeats: 2, Budget: time.Hour}, b.test, nil)
	if err != nil || r.Ended != find.ByLimit || !r.ByGenerator() {
		t.Fatalf("%v, %+v", err, r)
	}
	if k := r.Knee; k.Low > r.Rate || k.Low < 40_000 || k.High != 0 || k.Likely != 0 {
		t.Errorf("%+v", k)
	}
}

// Whatever the test says, the search ends.
func TestSearchEnds(t *testing.T) {
	for seed := range uint64(60) {
		x := seed*2654435761 + 1
		test := func(context.Context, float64) (find.Step, error) {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			return find.Step{Rules: []find.Rule{{Met: x%3 > 0}}, GeneratorLimited: x%5 == 0}, nil
		}
		r, err := find.Search(t.Context(), find.Config{From: 1000, To: 1e7, Within: 0.05, Repeats: int(seed % 4), Budget: time.Hour}, test, nil)
		if err != nil || r.Ended == "" || len(r.Steps) > 500 {
			t.Fatalf("seed %d: %v, %q after %d steps", seed, err, r.Ended, len(r.Steps))
		}
		if k := r.Knee; math.IsNaN(k.Low+k.High+k.Likely) || k.High > 0 && k.High < k.Low {
			t.Errorf("seed %d: %+v", seed, k)
		}
	}
}

func TestSearchFails(t *testing.T) {
	broken, n := errors.New("broken"), 0
	test := func(context.Context, float64) (find.Step, error) {
		if n++; n == 3 {
			return find.Step{}, broken
		}
		return find.Step{}, nil
	}
	cfg := find.Config{From: 1, To: 100, Within: 0.1, Budget: time.Hour}
	if r, err := find.Search(t.Context(), cfg, test, nil); !errors.Is(err, broken) || len(r.Steps) != 2 || r.Rate != 2 {
		t.Errorf("%v, %+v", err, r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := find.Search(ctx, cfg, test, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
