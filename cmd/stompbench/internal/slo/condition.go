// Package slo parses and judges conditions on the result of a run.
//
//	slo        = condition { "," condition }            all must hold
//	condition  = metric operator value
//	operator   = "<" | "<=" | ">" | ">=" | "=" | "=="
//	metric     = latency "." statistic | number
//	statistic  = "p" percentile | "max" | "mean"        percentile: 50, 99.9, 99.99 …
//	number     = a metric that is not a latency, see Names
//	value      = duration (of a latency) | decimal [ "k" | "K" | "M" | "G" ] [ "%" ] [ "/s" ]
//	             a slope may be below 0
//
// Blanks are allowed around everything. A duration needs its unit: 20ms, 1.5s, 300us or 300µs. A
// percent sign is for shares, /s for rates, and both may be left out: 0.01 is 1%, 10k is 10k/s. What the
// metrics mean is in docs/stompbench-verbs.md.
//
// Imports: the histo and metric packages of stompbench.
package slo

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Condition is one condition of an SLO.
type Condition struct {
	Def     *metric.Def    // nil for a latency
	Latency metric.Latency // "" for another metric
	stat    float64        // of a latency: a percentile or [metric.Mean]
	op      string
	Limit   float64 // in the unit of the metric, nanoseconds for a latency
	text    string
}

const operators = "<>=!"

// Metric returns the name of the metric as it was written, such as lost or from_due.p99.9.
func (c *Condition) Metric() string { return c.text[:max(0, strings.IndexAny(c.text, operators))] }

// String returns the condition as it was written, without blanks.
func (c *Condition) String() string { return c.text }

// On returns the same condition for another latency; ok is false if it is not about a latency.
func (c *Condition) On(latency metric.Latency) (other Condition, ok bool) {
	if c.Latency == "" {
		return other, false
	}
	other, err := parseCondition(string(latency) + strings.TrimPrefix(c.text, string(c.Latency)))
	return other, err == nil
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

func parseCondition(text string) (Condition, error) {
	c := Condition{text: text}
	if !strings.ContainsAny(text, operators) {
		return c, errors.New("it compares nothing: write <, <=, >, >= or = and a value")
	}
	name := c.Metric()
	value := strings.TrimLeft(text[len(name):], operators)
	c.op = text[len(name) : len(text)-len(value)]
	if !slices.Contains([]string{"<", "<=", ">", ">=", "=", "=="}, c.op) {
		return c, fmt.Errorf("%s is not an operator: write <, <=, >, >= or =", c.op)
	}
	err := c.parseMetric(name)
	if err == nil {
		c.Limit, err = parseValue(c.Def, value)
	}
	return c, err
}

// Names returns what a condition can begin with; p99 stands for any statistic.
func Names() (all []string) {
	for _, d := range metric.With(metric.ForSLO) {
		all = append(all, cmp.Or(d.Also, d.Name))
	}
	for _, l := range metric.Latencies() {
		all = append(all, string(l)+".p99")
	}
	return all
}

func (c *Condition) parseMetric(name string) error {
	if name == "" {
		return errors.New("it does not name a metric: write something like from_due.p99<20ms")
	}
	if d := metric.Find(name); d != nil && d.Has(metric.ForSLO) {
		c.Def = d
		return nil
	}
	latency, stat, dotted := strings.Cut(name, ".")
	if c.Latency = metric.Latency(latency); !c.Latency.Valid() {
		return fmt.Errorf("there is no metric %q%s", name, didYouMean(name, Names()))
	}
	if !dotted {
		return fmt.Errorf("%[1]s needs a statistic: write %[1]s.p99, %[1]s.max or %[1]s.mean", latency)
	}
	if stat == "max" || stat == "mean" {
		c.stat = metric.Statistics(stat)[0].P
		return nil
	}
	digits, ok := strings.CutPrefix(stat, "p")
	digits = strings.ReplaceAll(digits, "_", ".") // accepts p99_9, as in the JSON form
	p, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(p > 0 && p < 100) || strings.ContainsAny(digits, "eExX+-") {
		return fmt.Errorf("%s: %q is not a statistic: write p50, p99.9, max or mean; percentiles lie between 0 and 100", name, stat)
	}
	c.stat = p
	return nil
}

// didYouMean suggests the name that begins most alike.
func didYouMean(name string, all []string) string {
	name = strings.ReplaceAll(name, "-", "_")
	alike := func(candidate string) (n int) {
		for n < min(len(name), len(candidate)) && name[n] == candidate[n] {
			n++
		}
		return n
	}
	best := slices.MaxFunc(all, func(a, b string) int { return alike(a) - alike(b) })
	if n := alike(best); n > 1 && 2*n >= min(len(name), len(best)) {
		return fmt.Sprintf(": did you mean %s?", best)
	}
	return ": there are " + strings.Join(all, ", ")
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
	number, factor, example := s, 1.0, "a number of messages, such as 0, 500 or 10k"
	switch d.Unit {
	case metric.Ratio:
		example = "a share, such as 2% or 0.02"
		if strings.HasSuffix(s, "%") {
			number, factor = strings.TrimSuffix(s, "%"), 0.01
		}
	case metric.PerSecond:
		number, example = strings.TrimSuffix(s, "/s"), "messages a second, such as 500 or 10k"
		if d.Has(metric.Signed) {
			example = "messages a second, such as 0, 50 or -10"
		}
	}
	if last := len(number) - 1; d.Unit != metric.Ratio && last >= 0 && multiples[number[last]] > 0 {
		number, factor = number[:last], multiples[number[last]]
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
	parsed, err := parseCondition(string(text))
	if err != nil {
		parsed = Condition{text: string(text)}
	}
	*c = parsed
	return nil
}
