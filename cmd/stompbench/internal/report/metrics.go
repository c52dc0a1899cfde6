package report

import (
	"encoding/json"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// metrics returns the metrics of the report.
func (r *Report) metrics() *metric.Values {
	v := new(metric.Values)
	text, err := json.Marshal(struct {
		Totals  *Totals  `json:"totals"`
		Seconds *Seconds `json:"seconds"`
		Rates   *Rates   `json:"rates"`
		Process *Process `json:"process"`
	}{&r.Totals, &r.Seconds, &r.Rates, &r.Process})
	if err == nil {
		_ = v.UnmarshalJSON(text)
	}
	if r.United { // no machine knows what others had sent and received
		v.Unset(metric.MaxBacklog)
	}
	v.Restrict(r.Plan.Consumers > 0)
	return v
}

// Get returns a metric; ok is false if it was not measured.
func (r *Report) Get(id metric.ID) (x float64, ok bool) { return r.metrics().Get(id) }

// Value returns a metric, 0 if it was not measured.
func (r *Report) Value(id metric.ID) float64 { return r.metrics().Value(id) }

// Count returns a counter, 0 if it was not measured.
func (r *Report) Count(id metric.ID) uint64 { return r.metrics().Count(id) }

// Sum returns the sum of counters.
func (r *Report) Sum(ids ...metric.ID) uint64 { return r.metrics().Sum(ids...) }
