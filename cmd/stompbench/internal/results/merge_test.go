package results_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// elsewhere returns the result of another machine that started later.
func elsewhere(seconds int, base, later time.Duration) *results.Result {
	r := result(seconds, base)
	r.RunIDs = []string{"0000000000000def"}
	r.StartedAt = start.Add(later)
	r.Machines[0].Host = "elsewhere"
	return r
}

func TestMerge(t *testing.T) {
	a, b := result(5, time.Millisecond), elsewhere(6, 3*time.Millisecond, 1200*time.Millisecond)
	b.Totals.Lost, b.Totals.Foreign, b.ExitCode = 2, 7, 3
	got, err := results.Merge([]*results.Result{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if got.Totals.Sent != 11_000 || got.Totals.Received != 11_000 || got.Totals.Lost != 2 || got.Totals.Foreign != 7 || got.ExitCode != 3 {
		t.Errorf("%+v", got.Totals)
	}
	if got.StartedAt != start || len(got.Machines) != 2 || len(got.RunIDs) != 2 || got.Plan.Producers != 2 || got.Plan.RatePerSec != 2000 {
		t.Errorf("%v, %+v, %+v", got.StartedAt, got.Machines, got.Plan)
	}
	// From the first start to the last end.
	if want := 11_000 / 7.2; math.Abs(got.Rates.Sent-want) > 0.01 || math.Abs(got.Seconds.Sending-7.2) > 1e-9 {
		t.Errorf("%+v, %+v, want %v/s", got.Rates, got.Seconds, want)
	}
	// Histograms are those of all samples: nothing is averaged.
	sum := histo.New()
	for i := range 11 {
		for k := range 1000 {
			base := time.Millisecond
			if i >= 5 {
				base = 3 * time.Millisecond
			}
			sum.Record(2 * (int64(base) + int64(k)*1000))
		}
	}
	if got.Latency.FromDue != report.DistributionOf(sum) || got.Histogram(series.FromDue).Count() != 11_000 {
		t.Errorf("%+v\nwant\n%+v", got.Latency.FromDue, report.DistributionOf(sum))
	}
	// So are the seconds: b's first is the second of the sum.
	var sent []uint64
	for i := range got.Series.Intervals {
		sent = append(sent, got.Series.Intervals[i].Sent)
	}
	if len(sent) != 7 || sent[0] != 1000 || sent[1] != 2000 || sent[4] != 2000 || sent[5] != 1000 {
		t.Errorf("%d", sent)
	}
	if parts := got.Series.Total(series.FromDue); parts.Count() != 11_000 {
		t.Errorf("%d latencies in the seconds", parts.Count())
	}
	// It can be kept, read, and merged on.
	dir := t.TempDir()
	if err := got.Write(dir); err != nil {
		t.Fatal(err)
	}
	back, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	third := elsewhere(5, time.Millisecond, time.Second)
	third.RunIDs = []string{"3"}
	if more, err := results.Merge([]*results.Result{back, third}); err != nil || more.Totals.Sent != 16_000 || len(more.Machines) != 3 {
		t.Errorf("%v", err)
	}
}

// Between machines nobody knows what was lost, and nobody says that all is well.
func TestMergeLeavesBooksOpen(t *testing.T) {
	a, b := result(2, time.Millisecond), elsewhere(2, time.Millisecond, 0)
	a.Plan.Consumers, a.Totals.Expected, a.Totals.Received = 0, 0, 0
	b.Plan.Producers, b.Totals.Expected, b.Totals.Sent = 0, 0, 0
	got, err := results.Merge([]*results.Result{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if text, mood := got.Balance(); mood != report.Neutral || !got.BooksOpen {
		t.Errorf("%s, %v", text, mood)
	}
}

func TestNotMergeable(t *testing.T) {
	a := result(5, time.Millisecond)
	for name, all := range map[string][]*results.Result{
		"one":         {a},
		"twice":       {a, result(5, time.Millisecond)},
		"later":       {a, elsewhere(5, time.Millisecond, time.Hour)},
		"one of them": {a, elsewhere(5, time.Millisecond, time.Second), elsewhere(5, time.Millisecond, -time.Hour)},
	} {
		_, err := results.Merge(all)
		var merge *results.MergeError
		if !errors.As(err, &merge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
