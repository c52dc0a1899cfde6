package slo

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Condition is one condition of an SLO.
type Condition struct {
	Metric metric.Selector
	op     string
	Limit  float64 // in the unit of the metric, nanoseconds for a latency
	text   string
}

// String returns the condition as it was written, without blanks.
func (c *Condition) String() string { return c.text }

// On returns the same condition for another latency; ok is false if it is not about a latency.
func (c *Condition) On(latency metric.Latency) (other Condition, ok bool) {
	if c.Metric.Def != nil {
		return Condition{}, false
	}
	other = *c
	at := len(c.Metric.Latency) // the texts begin with the name
	other.text, other.Metric.Name = string(latency)+c.text[at:], string(latency)+c.Metric.Name[at:]
	other.Metric.Latency = latency
	return other, true
}

// SLO is a list of conditions, all of which must be met. The zero value has none and is always met.
type SLO []Condition

// String returns the conditions as they were written.
func (s SLO) String() string {
	texts := make([]string, len(s))
	for i := range s {
		texts[i] = s[i].text
	}
	return strings.Join(texts, ",")
}

// Parse reads an SLO; see the package comment for its grammar. Its errors name the
// condition and say what to write instead.
func Parse(s string) (SLO, error) {
	var out SLO
	for part := range strings.SplitSeq(s, ",") {
		text := strings.Join(strings.Fields(part), "")
		if text == "" {
			return nil, errors.New("there is an empty condition: write them with one comma in between, such as lost=0,from_due.p99<20ms")
		}
		c, err := parseCondition(text)
		if err != nil {
			return nil, fmt.Errorf("condition %q: %w", text, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func parseCondition(text string) (c Condition, err error) {
	at := strings.IndexAny(text, "<>=!")
	if at < 0 {
		return c, errors.New("it compares nothing: write <, <=, >, >= or = and a value")
	}
	end := at + 1
	for end < len(text) && strings.IndexByte("<>=!", text[end]) >= 0 {
		end++
	}
	c.text = text
	switch c.op = text[at:end]; c.op {
	case "==":
		c.op = "="
	case "<", "<=", ">", ">=", "=":
	default:
		return c, fmt.Errorf("%s is not an operator: write <, <=, >, >= or =", c.op)
	}
	if c.Metric, err = metric.Parse(text[:at]); err != nil {
		return c, err
	}
	c.Limit, err = parseValue(c.Metric.Def, text[end:])
	return c, err
}

// parseValue reads the value of a metric, or that of a latency if d is nil.
func parseValue(d *metric.Def, s string) (float64, error) {
	if d == nil {
		t, err := time.ParseDuration(s)
		if err != nil || t < 0 {
			return 0, fmt.Errorf("%q is not a latency: write a time with its unit, such as 20ms or 300us", s)
		}
		return float64(t), nil
	}
	unit, units, example := "", multiples, "a number of messages, such as 0, 500 or 10k"
	switch {
	case d.Unit == metric.Ratio:
		unit, units, example = "%", nil, "a share, such as 2% or 0.02"
	case d.Unit == metric.PerSecond && d.Has(metric.Signed):
		unit, example = "/s", "messages a second, such as 0, 50 or -10"
	case d.Unit == metric.PerSecond:
		unit, example = "/s", "messages a second, such as 500 or 10k"
	}
	number, hasUnit := strings.CutSuffix(s, unit)
	factor := 1.0
	if hasUnit && unit == "%" {
		factor = 0.01
	}
	if n := len(number) - 1; n >= 0 && units[number[n]] > 0 {
		number, factor = number[:n], units[number[n]]
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 && !d.Has(metric.Signed) || strings.ContainsAny(number, "xXpP_") {
		return 0, fmt.Errorf("%q is not a value for it: write %s", s, example)
	}
	return n * factor, nil
}

var multiples = map[byte]float64{'k': 1e3, 'K': 1e3, 'M': 1e6, 'G': 1e9}

// MarshalText returns the condition as it was written.
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// UnmarshalText reads a condition. Of one that another version wrote, it may know the text only.
func (c *Condition) UnmarshalText(text []byte) error {
	if parsed, err := parseCondition(string(text)); err == nil {
		*c = parsed
	} else {
		*c = Condition{text: string(text)}
	}
	return nil
}

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
	if o.Value == nil {
		return 0
	}
	limit, value := o.Limit, *o.Value
	switch o.Condition.op {
	case ">", ">=":
		limit, value = value, limit
	case "=":
		return 0
	}
	if limit <= 0 || value <= 0 {
		return 0
	}
	return value / limit
}

// Facts are what conditions are judged by: the metrics that were measured, and latencies.
type Facts interface {
	Get(metric.ID) (x float64, ok bool)
	Histogram(metric.Latency) *histo.Histogram
}

// Judge compares all conditions with the facts.
func (s SLO) Judge(f Facts) []Outcome {
	out := make([]Outcome, len(s))
	for i := range s {
		c := &s[i]
		o := Outcome{Condition: *c, Metric: c.Metric.Name, Limit: c.Limit}
		var value float64
		var known bool
		if d := c.Metric.Def; d != nil {
			value, known = f.Get(d.ID)
		} else {
			h := f.Histogram(c.Metric.Latency)
			value, known, o.Shaky = statistic(h, c.Metric.Stat)
			o.AtLeast = metric.AtLeast(h.Count(), h.Censored, c.Metric.Stat)
		}
		if known {
			o.Value, o.Met = &value, c.holds(value) && (!o.AtLeast || strings.HasPrefix(c.op, ">"))
		}
		out[i] = o
	}
	return out
}

// statistic is one of a latency. shaky is true if fewer than ten samples are above the percentile.
func statistic(h *histo.Histogram, stat float64) (value float64, known, shaky bool) {
	switch {
	case h.Count() == 0:
		return 0, false, false
	case stat == metric.Max:
		return float64(h.Max()), true, false
	case stat == metric.Mean:
		return float64(h.Mean()), true, false
	}
	return float64(h.Percentile(stat)), true, !h.Tells(stat)
}

func (c *Condition) holds(value float64) bool {
	switch c.op {
	case "<":
		return value < c.Limit
	case "<=":
		return value <= c.Limit
	case ">":
		return value > c.Limit
	case ">=":
		return value >= c.Limit
	default:
		return value == c.Limit
	}
}

// Met reports whether all conditions are met.
func Met(outcomes []Outcome) bool {
	return !slices.ContainsFunc(outcomes, func(o Outcome) bool { return !o.Met })
}
