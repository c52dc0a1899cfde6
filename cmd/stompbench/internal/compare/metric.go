package compare

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// Metric is one number of a run.
type Metric struct {
	Name string // as in from_due.p99 or sent_per_s
	unit unit
	// better is +1 if more is better, -1 if less is, 0 if neither.
	better int
	of     func(*pool) float64 // NaN if it was not measured
	// counted: it is a count over the run. edge: a single sample decides it. Neither has an
	// interval.
	counted, edge bool
}

type unit int

const (
	plain unit = iota
	perSecond
	nanoseconds
)

// write writes a value of the metric.
func (m *Metric) write(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case m.unit == nanoseconds:
		return report.Duration(time.Duration(math.Round(x)))
	case m.unit == perSecond:
		return report.PerSecond(x) + "/s"
	case x == math.Trunc(x) && x >= 0:
		return report.Count(uint64(x))
	}
	return report.PerSecond(x)
}

const numPercentiles = 7

// percentiles by name, ascending.
var percentiles = [numPercentiles]struct {
	name string
	p    float64
}{{"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}, {"max", 100}}

// Metrics returns all metrics, in the order of the table.
func Metrics() []Metric {
	all := []Metric{
		{Name: "sent_per_s", unit: perSecond, better: 1, of: func(p *pool) float64 { return over(p.sent, p.sending) }},
		{Name: "confirmed_per_s", unit: perSecond, better: 1, of: func(p *pool) float64 { return over(p.confirmed, p.sending) }},
		{Name: "received_per_s", unit: perSecond, better: 1, of: func(p *pool) float64 { return over(p.received, p.receiving) }},
		{Name: "cpu_cores", better: -1, of: func(p *pool) float64 { return over(p.cpu, p.seconds) }},
		{Name: "cpu_per_message", unit: nanoseconds, better: -1, of: func(p *pool) float64 { return 1e9 * over(p.cpu, max(p.sent, p.received)) }},
	}
	for _, kind := range series.Kinds() {
		all = append(all, Metric{Name: string(kind) + ".mean", unit: nanoseconds, better: -1, of: func(p *pool) float64 { return p.mean(kind) }})
		for at, q := range percentiles {
			all = append(all, Metric{Name: string(kind) + "." + q.name, unit: nanoseconds, better: -1,
				edge: q.p == 100, of: func(p *pool) float64 { return p.percentile(kind, at) }})
		}
	}
	for _, d := range metric.With(metric.Compared) {
		if d.Kind == metric.Counter {
			all = append(all, Metric{Name: d.Name, better: d.Better, counted: true, of: func(p *pool) float64 { return p.totals.Value(d.ID) }})
		}
	}
	return all
}

// find returns the metric of that name. p99_9 is p99.9, as in JSON.
func find(name string) (Metric, bool) {
	name = strings.Replace(strings.Replace(name, "p99_99", "p99.99", 1), "p99_9", "p99.9", 1)
	all := Metrics()
	i := slices.IndexFunc(all, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return all[i], true
}

func over(n, d float64) float64 {
	if d <= 0 || n <= 0 {
		return math.NaN()
	}
	return n / d
}
