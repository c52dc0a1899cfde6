package compare_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

func pair() (a, b *results.Result) {
	w := &world{rand.New(rand.NewPCG(1, 1)), 0, 0, 60}
	return w.run(1), w.run(0.5)
}

// A side that sent less is never better in the latencies of what it sent.
func TestUnsentMessagesAreNotBetter(t *testing.T) {
	t.Parallel()
	a, b := pair()
	if v := row(t, compared(t, []*results.Result{a}, []*results.Result{b}), "from_due.p50").Verdict; v != compare.Better {
		t.Fatalf("half the latency is %q", v)
	}
	b.Set(metric.Sent, 430)
	b.Set(metric.Unsent, 570)
	c := compared(t, []*results.Result{a}, []*results.Result{b})
	if v := row(t, c, "from_due.p50").Verdict; v != compare.Incomparable {
		t.Errorf("half the latency of what was sent is %q", v)
	}
	if !strings.Contains(strings.Join(c.Warnings, "\n"), "B left 57 % of its messages unsent") || !strings.Contains(c.Conclusion, "unsent") {
		t.Errorf("%q %q", c.Warnings, c.Conclusion)
	}
	if v := row(t, c, "unsent").Verdict; v != compare.More {
		t.Errorf("unsent messages are %q", v)
	}
	// The side that sent less and is slower all the same is worse.
	if v := row(t, compared(t, []*results.Result{b}, []*results.Result{a}), "from_due.p50").Verdict; v != compare.Incomparable {
		t.Errorf("the other way round: %q", v)
	}
	a.Set(metric.Sent, 430)
	a.Set(metric.Unsent, 570)
	b.Set(metric.Unsent, 0)
	if v := row(t, compared(t, []*results.Result{b}, []*results.Result{a}), "from_due.p50").Verdict; v != compare.Worse {
		t.Errorf("slower, and fewer were sent: %q", v)
	}
}

// A percentile among samples that are lower bounds is one itself, and has no upper limit.
func TestCensoredPercentilesAreLowerBounds(t *testing.T) {
	t.Parallel()
	a, b := pair()
	n := uint64(60 * 200)
	b.Latency = map[metric.Latency]metric.Distribution{metric.FromDue: {Count: n, Censored: n / 50}}
	c := compared(t, []*results.Result{a}, []*results.Result{b})
	if r := row(t, c, "from_due.p99"); !r.AtLeastB || r.AtLeastA || r.High < 1e9 {
		t.Errorf("p99 with 2 %% of lower bounds: %+v", r)
	}
	if r := row(t, c, "from_due.p50"); r.AtLeastB || r.Verdict != compare.Better {
		t.Errorf("p50 with 2 %% of lower bounds: %+v", r)
	}
	// A limit from above does not hold for it either, however low the bound is.
	for text, holds := range map[string]bool{"from_due.p99>1h": true, "from_due.p99<1ns": false, "from_due.p50>1h": false} {
		condition, err := compare.ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, why := condition.Holds(c); got != holds || holds && !strings.Contains(why, "≥ ") {
			t.Errorf("%s: %v, %s", text, got, why)
		}
	}
	var table strings.Builder
	if err := c.WriteMarkdown(&table); err != nil || !strings.Contains(table.String(), "≥ ") {
		t.Errorf("%v %s", err, table.String())
	}
}

// The gravest reasons to doubt a comparison come first.
func TestInvalidRunsAndPlansComeFirst(t *testing.T) {
	t.Parallel()
	a, b := pair()
	a.Verdict, a.Partial, b.Plan.SizeBytes = &verdict.Verdict{Invalid: true}, true, 7
	c := compared(t, []*results.Result{a}, []*results.Result{b})
	at := func(text string) int {
		return slices.IndexFunc(c.Warnings, func(w string) bool { return strings.Contains(w, text) })
	}
	if at("A has an invalid run") != 0 || at("the plans differ: size_bytes") != 1 || at("ended before its time") < 2 {
		t.Errorf("%q", c.Warnings)
	}
}

// Two results of an hour are compared in seconds.
func BenchmarkCompareHours(b *testing.B) {
	w := &world{rand.New(rand.NewPCG(1, 1)), 0.4, 0, 3600}
	one, two := w.side(1, 1), w.side(1, 1)
	for b.Loop() {
		if _, err := compare.Compare(one, two, 0); err != nil {
			b.Fatal(err)
		}
	}
}
