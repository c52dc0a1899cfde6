package page

import (
	"math"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// plots is the data for the script.
type plots struct {
	Runs []plotted `json:"runs"`
}

// plotted is a run as columns: one value for each interval. Rates are per second,
// latencies in nanoseconds, null where nothing was measured.
type plotted struct {
	Name      string    `json:"name"`
	T         []float64 `json:"t"`  // the middle of the interval
	At        []float64 `json:"at"` // its end, where the backlog was sampled
	Until     float64   `json:"until"`
	Warm      float64   `json:"warm"` // where the warm-up ends, 0 without one
	Ends      float64   `json:"ends"` // end of sending, if messages came after it
	Sent      []float64 `json:"sent,omitempty"`
	Confirmed []float64 `json:"confirmed,omitempty"`
	Received  []float64 `json:"received,omitempty"`
	Backlog   []float64 `json:"backlog,omitempty"`
	CPU       []float64 `json:"cpu,omitempty"`

	Latency map[series.Kind]*quantiles `json:"latency"`
	Curve   map[series.Kind]curve      `json:"curve"`
}

type quantiles struct {
	P50  []*int64 `json:"p50"`
	P99  []*int64 `json:"p99"`
	P999 []*int64 `json:"p99_9"`
	Max  []*int64 `json:"max"`
}

// curve is a distribution by percentile. X is in nines: 1 is 90 %, 2 is 99 %.
type curve struct {
	X []float64 `json:"x"`
	Y []int64   `json:"y"`
	// Firm is the largest x with at least ten samples beyond it: further right the curve is chance.
	Firm float64 `json:"firm"`
}

func plot(name string, r *results.Result) plotted {
	p := plotted{Name: name, Warm: r.Plan.WarmupSec, Latency: map[series.Kind]*quantiles{}, Curve: map[series.Kind]curve{}}
	kinds := r.Kinds()
	for _, kind := range kinds {
		p.Latency[kind] = &quantiles{}
		p.Curve[kind] = curveOf(r.Histogram(kind))
	}
	all := r.Series.Intervals
	for i := range all {
		in := &all[i]
		p.T = append(p.T, round(in.T-in.Seconds/2, 3))
		p.At = append(p.At, round(in.T, 3))
		column(&p.Sent, r.Plan.Producers > 0, in.Rate(metric.Sent))
		column(&p.Confirmed, r.Plan.Window > 0 && r.Plan.Producers > 0, in.Rate(metric.Confirmed))
		column(&p.Received, r.Plan.Consumers > 0, in.Rate(metric.Received))
		column(&p.Backlog, r.Plan.Producers > 0 && r.Plan.Consumers > 0, in.Value(metric.Backlog))
		column(&p.CPU, r.Value(metric.CPUCores) > 0, in.Rate(metric.CPU))
		for _, kind := range kinds {
			p.Latency[kind].add(in.Latency[kind])
		}
	}
	if n := len(all); n > 0 {
		p.Until = round(all[n-1].T, 3)
		if !all[n-1].Sending {
			p.Ends = round(r.Plan.WarmupSec+r.Value(metric.Sending), 3)
		}
	}
	return p
}

func column(values *[]float64, measured bool, x float64) {
	if measured {
		*values = append(*values, round(x, 3))
	}
}

func (q *quantiles) add(l *series.Latency) {
	if l == nil {
		q.P50, q.P99, q.P999, q.Max = append(q.P50, nil), append(q.P99, nil), append(q.P999, nil), append(q.Max, nil)
		return
	}
	// As in the tables, a percentile with fewer than ten samples beyond it is not shown.
	told := func(beyond uint64, ns int64) *int64 {
		if l.Count < 10*beyond {
			return nil
		}
		return &ns
	}
	q.P50 = append(q.P50, told(2, l.P50))
	q.P99 = append(q.P99, told(100, l.P99))
	q.P999 = append(q.P999, told(1000, l.P999))
	q.Max = append(q.Max, &l.Max)
}

// perNine is how many points a curve has for each nine.
const perNine = 24

func curveOf(h *histo.Histogram) curve {
	count := float64(h.Count())
	c := curve{Firm: round(math.Log10(max(1, count/10)), 4)}
	last := math.Log10(count)
	for i := 0; ; i++ {
		x := min(float64(i)/perNine, last)
		c.X = append(c.X, round(x, 4))
		if x == last {
			c.Y = append(c.Y, int64(h.Max()))
			return c
		}
		c.Y = append(c.Y, int64(h.Percentile(100*(1-math.Pow(10, -x)))))
	}
}

func round(x float64, digits int) float64 {
	f := math.Pow(10, float64(digits))
	return math.Round(x*f) / f
}

// when formats a time.
func when(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 MST") }
