package compare

import (
	"cmp"
	"encoding/json"
	"math"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// Metric is one number of a run: a count or a ratio of the registry, or a statistic of a latency.
type Metric struct {
	Name string `json:"name"` // as in from_due.p99 or sent_per_s
	def  *metric.Def
	kind metric.Latency // "" if it is not about a latency
	stat float64        // of a latency: see [metric.Statistic]
}

// latency is the definition of latencies.
var latency = &metric.Def{Kind: metric.Gauge, Unit: metric.Nanoseconds, Better: -1}

// metrics returns all metrics, in the order of the table.
func metrics() (all []Metric) {
	var counts []Metric
	for _, def := range metric.With(metric.Compared) {
		if m := (Metric{Name: cmp.Or(def.Also, def.Name), def: def}); m.counted() {
			counts = append(counts, m)
		} else {
			all = append(all, m)
		}
	}
	for _, kind := range metric.Latencies() {
		for _, s := range metric.Statistics() {
			all = append(all, Metric{string(kind) + "." + s.Name, latency, kind, s.P})
		}
	}
	return append(all, counts...)
}

func (m *Metric) counted() bool { return m.def.Kind == metric.Counter }

// write writes a value of the metric.
func (m *Metric) write(x Number) string {
	if !x.known() {
		return "–"
	}
	return report.Value(m.def, float64(x))
}

// Number is a value that is NaN, or null in JSON, if it is unknown.
type Number float64

var unknown = Number(math.NaN())

func (n Number) known() bool { return !math.IsNaN(float64(n)) }

// MarshalJSON writes null for what JSON cannot represent.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.known() || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}
