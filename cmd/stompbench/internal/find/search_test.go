package find_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
)

// upTo passes rates up to a limit, and takes a second for each.
func upTo(limit float64) find.Test {
	return func(_ context.Context, rate float64) ([]find.Rule, find.Point, error) {
		time.Sleep(time.Second)
		ms := int64(1 + rate/limit*10)
		return []find.Rule{{Name: "always", Met: true}, {Name: "limit", Met: rate <= limit}},
			find.Point{P99: ms * int64(time.Millisecond), SentPerSecond: min(rate, limit)}, nil
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
			cfg := find.Config{From: c.from, To: c.to, Within: 0.05, Budget: c.budget}
			shown, began := 0, time.Now()
			r, err := find.Search(t.Context(), cfg, upTo(c.limit), func(*find.Step) { shown++ })
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
				if last := r.Steps[len(r.Steps)-1]; last.Phase != find.Repeat || last.Rate != r.Rate || r.Best().Rate != r.Rate || r.Worst().Pass {
					t.Errorf("%+v: the last step is %+v", c, last)
				}
			case find.AtTop:
				if r.Rate != c.to || r.Failed != 0 || r.Worst() != nil {
					t.Errorf("%+v: %v, %v", c, r.Rate, r.Failed)
				}
			case find.TooSlow:
				if r.Rate != 0 || r.Best() != nil || r.Failed > 2 {
					t.Errorf("%+v: %v, %v", c, r.Rate, r.Failed)
				}
			case find.TimeUp:
				if r.Rate == 0 || len(r.Steps) != 5 {
					t.Errorf("%+v: %v after %d steps", c, r.Rate, len(r.Steps))
				}
			}
		})
	}
}

// What passed by chance does not pass again: the search goes on below it, and ends.
func TestSearchDoubtsWhatPassedOnce(t *testing.T) {
	tries := map[float64]int{}
	test := func(_ context.Context, rate float64) ([]find.Rule, find.Point, error) {
		tries[rate]++
		pass := rate <= 10_000 || rate <= 20_000 && tries[rate] == 1
		return []find.Rule{{Name: "luck", Met: pass}}, find.Point{}, nil
	}
	r, err := find.Search(t.Context(), find.Config{From: 1000, To: 1e6, Within: 0.1, Budget: time.Hour}, test, nil)
	if err != nil || r.Ended != find.Found {
		t.Fatalf("%v, %+v", err, r)
	}
	if r.Rate > 10_000 || r.Rate < 10_000/1.2 {
		t.Errorf("found %v after %d steps", r.Rate, len(r.Steps))
	}
}

// Whatever the test says, the search ends.
func TestSearchEnds(t *testing.T) {
	for seed := range uint64(200) {
		x := seed*2654435761 + 1
		test := func(context.Context, float64) ([]find.Rule, find.Point, error) {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			return []find.Rule{{Met: x%3 > 0}}, find.Point{}, nil
		}
		r, err := find.Search(t.Context(), find.Config{From: 1000, To: 1e7, Within: 0.02, Budget: time.Hour}, test, nil)
		if err != nil || r.Ended == "" || len(r.Steps) > 500 {
			t.Fatalf("seed %d: %v, %q after %d steps", seed, err, r.Ended, len(r.Steps))
		}
	}
}

func TestSearchFails(t *testing.T) {
	broken, n := errors.New("broken"), 0
	test := func(context.Context, float64) ([]find.Rule, find.Point, error) {
		if n++; n == 3 {
			return nil, find.Point{}, broken
		}
		return nil, find.Point{}, nil
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

func TestPlot(t *testing.T) {
	rate := func(r float64) string { return fmt.Sprintf("%.0f", r) }
	r := &find.Result{}
	if r.Plot(rate, time.Duration.String) != "" {
		t.Error("a plot of nothing")
	}
	for i, p99 := range []time.Duration{1, 1, 2, 5, 100} {
		r.Steps = append(r.Steps, find.Step{Rate: float64(int(1000) << i), Pass: i < 4, Point: find.Point{P99: int64(p99 * time.Millisecond)}})
	}
	got := r.Plot(rate, time.Duration.String)
	lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
	if strings.Count(got, "o") != 4 || strings.Count(got, "x") != 1 || !strings.HasPrefix(lines[0], "     100ms |") ||
		!strings.HasSuffix(lines[0], "x") || !strings.Contains(got, "1000/s") || !strings.Contains(got, "16000/s") {
		t.Errorf("\n%s", got)
	}
	for _, line := range lines {
		if len([]rune(line)) > 80 {
			t.Errorf("too wide: %q", line)
		}
	}
}
