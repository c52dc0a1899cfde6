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

// Metric is one number of a run: a count or a ratio of the registry, or the mean or a percentile of
// a latency.
type Metric struct {
	Name    string // as in from_due.p99 or sent_per_s
	def     *metric.Def
	counted bool
	ratio   [2]term
	kind    series.Kind // of a latency
	at      int         // the index of a percentile, or of the mean
}

// ratios are the metrics of the registry that are one sum over another.
var ratios = map[metric.ID][2]term{
	metric.SentPerS:      {sent, sending},
	metric.ConfirmedPerS: {confirmed, sending},
	metric.ReceivedPerS:  {received, receiving},
	metric.CPUCores:      {cpu, seconds},
	metric.CPUPerMessage: {nanoseconds, handled},
}

// latency is the definition of latencies.
var latency = &metric.Def{Unit: metric.Nanoseconds, Better: -1}

const (
	numPercentiles = 6
	maximum        = numPercentiles
	mean           = numPercentiles + 1
)

// Metrics returns all metrics, in the order of the table.
func Metrics() (all []Metric) {
	var counts []Metric
	for _, def := range metric.With(metric.Compared) {
		m := Metric{Name: def.Name, def: def}
		if def.Also != "" {
			m.Name = def.Also
		}
		if m.ratio, m.counted = ratios[def.ID], def.Kind == metric.Counter; m.counted {
			counts = append(counts, m)
		} else {
			all = append(all, m)
		}
	}
	for _, kind := range series.Kinds() {
		add := func(name string, at int) {
			all = append(all, Metric{Name: string(kind) + "." + name, def: latency, kind: kind, at: at})
		}
		add("mean", mean)
		for at, p := range metric.Percentiles {
			add(p.Name, at)
		}
		add("max", maximum)
	}
	return append(all, counts...)
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

// happened reports whether the metric is what happened in a run, and not an estimate of what will in
// the next: a count, or a maximum, which a single sample decides.
func (m *Metric) happened() bool { return m.counted || m.kind != "" && m.at == maximum }

// of returns the value of the metric for a side, NaN if it was not measured.
func (m *Metric) of(s *side) float64 {
	switch {
	case m.counted:
		return s.totals.Value(m.def.ID)
	case m.kind != "" && m.at != mean:
		return s.latency[m.kind].percentiles[m.at].value
	}
	if n, d := m.terms(&s.whole); n > 0 && d > 0 {
		return n / d
	}
	return math.NaN()
}

// terms returns what a part of a side adds to the numerator and the denominator of a ratio. For a
// percentile, that is the share of the samples that do not exceed it.
func (m *Metric) terms(p *part) (n, d float64) {
	l := p.latency[m.kind]
	switch {
	case m.kind == "":
		return p.sums[m.ratio[0]], p.sums[m.ratio[1]]
	case m.at == mean:
		return l.sum, l.count
	}
	return l.below[m.at], l.count
}

// atLeast reports whether the value for a side is a lower bound: whether it depends on messages that
// were never sent or received, which count with the time that they waited until the end.
func (m *Metric) atLeast(s *side) bool {
	if m.kind == "" || s.latency[m.kind].censored == 0 {
		return false
	}
	return m.at >= maximum || metric.Percentiles[m.at].P/100+s.latency[m.kind].censored > 1
}

// write writes a value of the metric.
func (m *Metric) write(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case m.def.Unit == metric.Nanoseconds:
		return report.Duration(time.Duration(math.Round(x)))
	case m.def.Unit == metric.PerSecond:
		return report.PerSecond(x) + "/s"
	case x == math.Trunc(x) && x >= 0:
		return report.Count(uint64(x))
	}
	return report.PerSecond(x)
}
