package page

import (
	"math"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// plots is the data for the script.
type plots struct {
	Runs  []plotted   `json:"runs,omitempty"`
	Kinds [][2]string `json:"kinds,omitempty"` // of latency: name and label
	Knee  []line      `json:"knee,omitempty"`
	Whole [2]float64  `json:"whole"` // the range of the x axis
	Spans []shading   `json:"spans"`
}

// shading is a part of the x axis that is shaded.
type shading struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Label string  `json:"label"`
	Color string  `json:"color"`
}

// line is a line of a plot, or points. A y below 0 is a lower bound.
type line struct {
	Label string    `json:"label"`
	Color string    `json:"color"`
	Look  string    `json:"look"`
	X     []float64 `json:"x"`
	Y     []float64 `json:"y"`
}

// plotted is a run as columns: one value for each interval. Rates are per second, latencies in
// microseconds, below 0 for a lower bound, null where nothing was measured.
type plotted struct {
	Name    string                                   `json:"name"`
	T       []float64                                `json:"t"`  // the middle of the interval
	At      []float64                                `json:"at"` // its end, where the backlog was sampled
	Rates   map[string][]float64                     `json:"rates"`
	Latency map[metric.Latency]map[string][]*float64 `json:"latency"`
	Curve   map[metric.Latency]line                  `json:"curve"`
}

// mostPoints bounds the points of a line: a plot has room for no more.
const mostPoints = 1200

func plotOf(r *Run) plotted {
	p := plotted{Name: r.Name, Rates: map[string][]float64{}, Latency: map[metric.Latency]map[string][]*float64{}, Curve: map[metric.Latency]line{}}
	thin := r.Series.Thin(mostPoints)
	for _, kind := range r.Kinds() {
		p.Latency[kind], p.Curve[kind] = map[string][]*float64{}, curveOf(r.Histogram(kind))
		for _, line := range lines {
			p.Latency[kind][line.Name] = percentiles(thin, kind, line.P)
		}
	}
	due, sends, receives := plan(r.Result), r.Plan.Producers > 0, r.Plan.Consumers > 0
	for i := range thin.Intervals {
		in := &thin.Intervals[i]
		column := func(name string, measured bool, x float64) {
			if measured {
				p.Rates[name] = append(p.Rates[name], short(x))
			}
		}
		p.T, p.At = append(p.T, round(in.T-in.Seconds/2, 3)), append(p.At, round(in.T, 3))
		if due != nil {
			column("due", true, (due(in.T)-due(in.T-in.Seconds))/max(in.Seconds, 1e-9))
		}
		column("sent", sends, in.Rate(metric.Sent))
		column("confirmed", sends && r.Plan.Window > 0, in.Rate(metric.Confirmed))
		column("received", receives, in.Rate(metric.Received))
		column("backlog", sends && receives, in.Value(metric.Backlog))
		column("cpu", r.Value(metric.CPUCores) > 0, in.Rate(metric.CPU))
	}
	return p
}

// percentiles returns a percentile over time. Where an interval has too few samples, it is that of
// several intervals. The warm-up has its own samples, of each interval.
func percentiles(s *series.Series, kind metric.Latency, p float64) []*float64 {
	all := make([]*float64, len(s.Intervals))
	for i, point := range s.Percentile(kind, p) {
		l, warm := s.Intervals[i].Latency[kind], s.Intervals[i].Warmup[kind]
		switch {
		case l != nil && p == 100:
			all[i] = micros(l.Max, l.Censored > 0)
		case l != nil && point.Known():
			all[i] = micros(point.Ns, point.AtLeast)
		case l == nil && warm != nil && (p == 100 || metric.Tells(warm.Count, p)):
			all[i] = micros(int64(warm.HDR.Percentile(p)), metric.AtLeast(warm.Count, warm.Censored, p))
		}
	}
	return all
}

// spansOf returns what is shaded in the plots over time of a run.
func spansOf(r *results.Result) (all []shading) {
	if warm := r.Plan.WarmupSec; warm > 0 {
		all = append(all, shading{0, warm, "warm-up", "shade"})
	}
	drains, end := r.Value(metric.SendingFrom)+r.Value(metric.Sending), r.Series.End()
	for _, s := range stalls(r) {
		all = append(all, shading{s[0], s[1], "stall", "stall"})
		drains = max(drains, s[1])
	}
	if n := len(r.Series.Intervals); n > 0 && !r.Series.Intervals[n-1].Sending && drains < end {
		all = append(all, shading{drains, end, "draining", "shade"})
	}
	return all
}

// perNine is how many points a curve has for each nine.
const perNine = 24

// curveOf returns a distribution by percentile, as far as at least ten samples are beyond. X is in
// nines: 1 is 90 %, 2 is 99 %.
func curveOf(h *histo.Histogram) (c line) {
	n := float64(h.Count())
	last := math.Log10(max(1, n/10))
	for i := 0; ; i++ {
		x := min(float64(i)/perNine, last)
		p := 100 * (1 - math.Pow(10, -x))
		c.X = append(c.X, round(x, 4))
		c.Y = append(c.Y, *micros(int64(h.Percentile(p)), metric.AtLeast(h.Count(), h.Censored, p)))
		if x == last {
			return c
		}
	}
}

// micros returns microseconds, never 0: a logarithmic axis has none. A lower bound is below 0.
func micros(ns int64, atLeast bool) *float64 {
	us := short(max(float64(ns)/1000, 0.001))
	if atLeast {
		us = -us
	}
	return &us
}

// short rounds to what a plot can show: four digits, but all before the point, and at most three
// after it.
func short(x float64) float64 {
	return round(x, min(3, max(0, 3-math.Floor(math.Log10(math.Abs(x)+1e-9)))))
}

func round(x, digits float64) float64 {
	f := math.Pow(10, digits)
	return math.Round(x*f) / f
}
