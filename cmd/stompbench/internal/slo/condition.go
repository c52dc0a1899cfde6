package slo

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Condition is one condition of an SLO.
type Condition struct {
	Metric Metric
	op     string
	Limit  float64 // in the unit of the metric's kind
	text   string
}

// String returns the condition as it was written, without blanks.
func (c *Condition) String() string { return c.text }

// On returns the same condition for another latency; ok is false if it is not about a latency.
func (c *Condition) On(latency string) (other Condition, ok bool) {
	if c.Metric.Kind != Latency {
		return Condition{}, false
	}
	other = *c
	rest := c.text[len(c.Metric.latency):] // the text begins with the name
	other.Metric.latency, other.text = latency, latency+rest
	other.Metric.Name = latency + c.Metric.Name[len(c.Metric.latency):]
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
	if c.Metric, err = parseMetric(text[:at]); err != nil {
		return c, err
	}
	c.Limit, err = parseValue(c.Metric.Kind, text[end:])
	return c, err
}

func parseValue(kind Kind, s string) (float64, error) {
	if kind == Latency {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("%q is not a latency: write a time with its unit, such as 20ms or 300us", s)
		}
		return float64(d), nil
	}
	number, factor := s, 1.0
	var unit, example string
	switch kind {
	case Count:
		example = "a number of messages, such as 0, 500 or 10k"
	case Rate:
		unit, example = "/s", "messages a second, such as 500 or 10k"
	case Share:
		unit, example = "%", "a share, such as 0.1% or 0.001"
	case Slope:
		unit, example = "/s", "messages a second, such as 0, 50 or -10"
	case SlopeShare:
		unit, example = "%", "a share, such as 2% or 0.02"
	}
	share, signed := kind == Share || kind == SlopeShare, kind == Slope || kind == SlopeShare
	if head, ok := strings.CutSuffix(number, unit); ok && unit != "" {
		number = head
		if share {
			factor = 0.01
		}
	}
	for suffix, f := range map[string]float64{"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9} {
		if head, ok := strings.CutSuffix(number, suffix); ok && !share {
			number, factor = head, f
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 && !signed || strings.ContainsAny(number, "xXpP_") {
		return 0, fmt.Errorf("%q is not a value for it: write %s", s, example)
	}
	return n * factor, nil
}

// Outcome is a condition with its measured value.
type Outcome struct {
	Condition Condition
	Value     float64 // in the unit of the metric's kind; 0 if it is not Known
	Known     bool    // something was measured
	Shaky     bool    // fewer than ten samples are above the percentile
	Met       bool
}

// Used returns the used share of what the condition allows: 1 is all of it, more is too much, 0 is
// nothing or unknown.
func (o *Outcome) Used() float64 {
	limit, value := o.Condition.Limit, o.Value
	switch o.Condition.op {
	case ">", ">=":
		limit, value = value, limit
	case "=":
		return 0
	}
	if !o.Known || limit <= 0 || value <= 0 {
		return 0
	}
	return value / limit
}

// Judge compares all conditions with the facts.
func (s SLO) Judge(f *Facts) []Outcome {
	out := make([]Outcome, len(s))
	for i := range s {
		o := Outcome{Condition: s[i]}
		o.Value, o.Known, o.Shaky = s[i].Metric.of(f)
		o.Met = o.Known && s[i].holds(o.Value)
		out[i] = o
	}
	return out
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
	for i := range outcomes {
		if !outcomes[i].Met {
			return false
		}
	}
	return true
}
