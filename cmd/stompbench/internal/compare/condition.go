package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Condition is a condition that must not be true:
//
//	from_due.p99>+10%    B's is over 10 % above A's
//	sent_per_s<-5%       B's is over 5 % below A's
//	confirm.p50>+2ms     B's is over 2 ms above A's
//	from_due.p99>20ms    B's is above 20 ms
//	lost>0               B lost a message
//
// A condition on a difference is true only if the difference is more than noise: if its interval
// excludes 0.
type Condition struct {
	Text     string
	metric   Metric
	above    bool // > and not <
	relative bool // a signed difference from A, in percent or in the unit
	percent  bool
	limit    float64
}

// ParseCondition parses a condition. Its error explains the syntax.
func ParseCondition(text string) (Condition, error) {
	c := Condition{Text: strings.Join(strings.Fields(text), "")}
	at := strings.IndexAny(c.Text, "<>")
	if at <= 0 {
		return c, fmt.Errorf("%q has no > or <: write it like from_due.p99>+10%% or lost>0", text)
	}
	name, limit := c.Text[:at], c.Text[at+1:]
	c.above = c.Text[at] == '>'
	var ok bool
	if c.metric, ok = find(name); !ok {
		return c, fmt.Errorf("there is no metric %q: compare shows them all", name)
	}
	c.relative = strings.HasPrefix(limit, "+") || strings.HasPrefix(limit, "-")
	number, percent := strings.CutSuffix(limit, "%")
	if c.percent = percent; percent && !c.relative {
		return c, fmt.Errorf("%q: 10%% of what? write +10%% or -10%%", text)
	}
	var err error
	if c.limit, err = c.parseLimit(number); err != nil || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return c, fmt.Errorf("%q: cannot read %q: write a number, a percentage with a sign, or a latency such as 20ms", text, limit)
	}
	return c, nil
}

func (c *Condition) parseLimit(number string) (float64, error) {
	if c.metric.def.Unit != metric.Nanoseconds || c.percent {
		return strconv.ParseFloat(number, 64)
	}
	d, err := time.ParseDuration(number) // accepts a bare 0 and no other bare number
	return float64(d), err
}

// Holds reports whether the condition is true, and describes it with the numbers.
func (c *Condition) Holds(all *Comparison) (bool, string) {
	for i := range all.Rows {
		row := &all.Rows[i]
		if row.Name != c.metric.Name || math.IsNaN(row.B) {
			continue
		}
		value, noise := row.B, false
		if c.relative {
			value = row.B - row.A
			noise = row.noise()
			if c.percent {
				value *= 100 / row.A
			}
		}
		beyond := c.above && value > c.limit || !c.above && value < c.limit
		why := fmt.Sprintf("%s: %s and %s, %s", c.Text, row.write(row.A), row.write(row.B), row.difference())
		switch {
		case beyond && noise && math.IsNaN(row.Low):
			return true, why + ", and too short to tell it from noise"
		case beyond && noise:
			return false, why + ", which may be noise"
		}
		return beyond, why
	}
	return true, c.Text + ": not measured, so nothing speaks for it"
}
