package slo

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Outcome is a condition with its measured value, as a report has it. Limits and values are in
// nanoseconds for latencies, from 0 to 1 for shares.
type Outcome struct {
	Condition Condition `json:"condition"`
	Metric    string    `json:"metric"`
	Limit     float64   `json:"limit"`
	Value     *float64  `json:"value"`              // nil if nothing was measured
	Shaky     bool      `json:"shaky"`              // fewer than ten samples are above the percentile
	AtLeast   bool      `json:"at_least,omitempty"` // the value is a lower bound, and meets no limit from above
	Met       bool      `json:"met"`
}

// Used returns the used share of what the condition allows: 1 is all of it, more is too much, 0 is
// nothing or unknown.
func (o *Outcome) Used() float64 {
	if o.Value == nil || o.Limit <= 0 || *o.Value <= 0 {
		return 0
	}
	switch o.Condition.op {
	case "<", "<=":
		return *o.Value / o.Limit
	case ">", ">=":
		return o.Limit / *o.Value
	}
	return 0
}

// Facts are what conditions are judged by: the metrics that were measured, and latencies.
type Facts interface {
	Get(metric.ID) (x float64, ok bool)
	Histogram(metric.Latency) *histo.Histogram
}

// Judge compares all conditions with the facts. A condition on what was not measured is not met. A
// percentile with fewer than ten samples above it is judged, and shaky: the next run may have another
// value. A statistic among lower bounds may be any longer, so it meets no < or <=.
func (s SLO) Judge(f Facts) []Outcome {
	out := make([]Outcome, len(s))
	for i := range s {
		c := &s[i]
		o := Outcome{Condition: *c, Metric: c.Metric(), Limit: c.Limit}
		var value float64
		var known bool
		if c.Def != nil {
			value, known = f.Get(c.Def.ID)
		} else {
			h := f.Histogram(c.Latency)
			value, known = float64(metric.Estimate(h, c.stat)), h.Count() > 0
			o.Shaky = known && c.stat > 0 && c.stat < metric.Max && !metric.Tells(h.Count(), c.stat)
			o.AtLeast = metric.AtLeast(h.Count(), h.Censored, c.stat)
		}
		if known {
			o.Value, o.Met = &value, c.holds(value) && (!o.AtLeast || strings.HasPrefix(c.op, ">"))
		}
		out[i] = o
	}
	return out
}

// holds reports whether the operator has the sign of the comparison in it.
func (c *Condition) holds(value float64) bool {
	sign := "<=>"[1+cmp.Compare(value, c.Limit)]
	return strings.IndexByte(c.op, sign) >= 0
}

// Met reports whether all conditions are met.
func Met(outcomes []Outcome) bool {
	return !slices.ContainsFunc(outcomes, func(o Outcome) bool { return !o.Met })
}
