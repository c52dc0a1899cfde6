package page_test

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// The page of an hour at 200 messages a second is small, and its p99 is known in each second,
// plotted is the data of a page's plots.
type plotted struct {
	Runs []struct {
		T       []float64
		Latency map[string]map[string][]*float64
	}
}

func dataOf(t *testing.T, page string) (data plotted) {
	t.Helper()
	if err := json.Unmarshal([]byte(regexp.MustCompile(`id="data">(.*)</script>`).FindStringSubmatch(page)[1]), &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// although none has the samples for it.
func TestAnHourIsSmallAndItsP99IsKnown(t *testing.T) {
	r, rec := good(), series.New()
	h := histo.New()
	for i := range 200 {
		h.Record(int64(i+1) * 10_007)
	}
	rec.Add(&load.Sample{
		Elapsed: time.Second, Interval: time.Second, Sending: true,
		Latencies: load.Latencies{metric.FromDue: h, metric.FromSend: histo.New(), metric.Confirm: h, metric.SendDelay: h},
	})
	r.Series = *rec
	second := r.Series.Intervals[0]
	r.Series.Intervals = nil
	for i := range 3600 {
		second.T = float64(i + 1)
		for id, x := range map[metric.ID]int{metric.Sent: 197 + i%7, metric.Confirmed: 198 + i%5, metric.Received: 199 + i%3, metric.Backlog: i % 1000} {
			second.Set(id, float64(x))
		}
		second.Set(metric.CPU, float64(i)/1e4)
		r.Series.Intervals = append(r.Series.Intervals, second)
	}
	out := render(t, page.Run{Name: "a", Result: r})
	if len(out) > 300_000 {
		t.Errorf("the page has %d bytes", len(out))
	}
	data := dataOf(t, out)
	unknown := 0
	for _, us := range data.Runs[0].Latency["from_due"]["p99"] {
		if us == nil {
			unknown++
		}
	}
	if n := len(data.Runs[0].T); n < 600 || n > 1200 || unknown > 0 {
		t.Errorf("%d points, %d of them without a p99; %d bytes", n, unknown, len(out))
	}
	t.Logf("%d bytes", len(out))
}
