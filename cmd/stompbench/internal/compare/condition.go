package compare

import (
	"fmt"
	"math"
	"regexp"
	"slices"
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

// syntax has a metric, an operator, a number, its sign and a percent sign.
var syntax = regexp.MustCompile(`^([^<>]+)([<>])(([+-]?)[^%]*)(%?)$`)

// ParseCondition parses a condition. Its error explains the syntax.
func ParseCondition(text string) (c Condition, err error) {
	c.Text = strings.Join(strings.Fields(text), "")
	part := syntax.FindStringSubmatch(c.Text)
	if part == nil {
		return c, fmt.Errorf("%q is not a metric, > or <, and a number: write it like from_due.p99>+10%% or lost>0", text)
	}
	all, name := metrics(), strings.Replace(part[1], "p99_9", "p99.9", 1) // as in JSON
	i := slices.IndexFunc(all, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return c, fmt.Errorf("there is no metric %q: compare shows them all", name)
	}
	c.metric, c.above, c.relative, c.percent = all[i], part[2] == ">", part[4] != "", part[5] != ""
	if c.percent && !c.relative {
		return c, fmt.Errorf("%q: 10%% of what? write +10%% or -10%%", text)
	}
	if d, noTime := time.ParseDuration(part[3]); c.metric.def.Unit == metric.Nanoseconds && !c.percent {
		c.limit, err = float64(d), noTime
	} else if c.limit, err = strconv.ParseFloat(part[3], 64); c.percent {
		c.limit /= 100
	}
	if err != nil || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return c, fmt.Errorf("%q: cannot read %q: write a number, a percentage with a sign, or a latency such as 20ms", text, part[3]+part[5])
	}
	return c, nil
}

// Holds reports whether the condition is true, and describes it with the numbers.
func (c *Condition) Holds(all *Comparison) (bool, string) {
	i := slices.IndexFunc(all.Rows, func(r Row) bool { return r.Name == c.metric.Name && r.B.known() })
	if i < 0 {
		return true, c.Text + ": not measured, so nothing speaks for it"
	}
	row := &all.Rows[i]
	value := row.B
	if c.percent {
		value = row.Share
	} else if c.relative {
		value = row.Difference
	}
	beyond := c.above && float64(value) > c.limit || !c.above && float64(value) < c.limit
	why := fmt.Sprintf("%s: %s and %s, %s", c.Text, row.side(row.AtLeastA, row.A), row.side(row.AtLeastB, row.B), row.difference())
	switch {
	case !beyond && c.above && row.AtLeastB:
		return true, why + ", and it may be any higher"
	case !beyond || !c.relative || row.Low > 0 || row.High < 0 || row.counted() || row.stat == metric.Max:
		return beyond, why
	case !row.Low.known():
		return true, why + ", and too short to tell it from noise"
	}
	return false, why + ", which may be noise"
}
