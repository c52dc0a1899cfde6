// Package report writes values for people: numbers, times, metrics, latencies, and text in lines.
//
// Imports: the metric and slo packages of stompbench.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// Count writes a number with a comma between groups of three digits.
func Count(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("%s,%03d", Count(n/1000), n%1000)
}

// PerSecond writes a rate: whole from 100 on, with three digits below.
func PerSecond(r float64) string {
	switch {
	case r < 0:
		return "-" + PerSecond(-r)
	case r >= 100:
		return Count(uint64(math.Round(r)))
	}
	return strconv.FormatFloat(r, 'g', 3, 64)
}

// Duration writes a duration with three digits and the unit that fits.
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-max(d, -math.MaxInt64)) // the smallest value has no negation
	}
	return scaled(float64(d), 1000, 999.5, " ns", " µs", " ms", " s")
}

// Size writes a number of bytes with a unit.
func Size(n float64) string { return scaled(n, 1<<10, 1<<10, " B", " KiB", " MiB", " GiB") }

// scaled writes x in the first unit of which it is below most, or in the last. A unit is step times the one
// before it. x has three digits, but all before the point, and none after it in the first unit.
func scaled(x, step, most float64, units ...string) string {
	n := 0
	for n < len(units)-1 && x >= most {
		x /= step
		n++
	}
	decimals := 0
	switch {
	case n > 0 && x < 9.995:
		decimals = 2
	case n > 0 && x < 99.95:
		decimals = 1
	}
	return strconv.FormatFloat(x, 'f', decimals, 64) + units[n]
}

// Plural writes "1 producer", "2 producers", "no producers".
func Plural(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return Count(uint64(n)) + " " + noun + "s"
}

// zeros are the units at the end of a duration of which there are none.
var zeros = regexp.MustCompile("(h)0m0s$|(m)0s$")

// Elapsed writes a duration in its shortest form: 1m and not 1m0s.
func Elapsed(d time.Duration) string { return zeros.ReplaceAllString(d.String(), "$1$2") }

// Cells makes texts safe for a spreadsheet, in place: a cell that begins like a formula gets a quote
// before it. Numbers stay as they are.
func Cells(lines [][]string) [][]string {
	for _, line := range lines {
		for i, text := range line {
			if _, err := strconv.ParseFloat(text, 64); err != nil && text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
				line[i] = "'" + text
			}
		}
	}
	return lines
}

// Value writes a value of a metric. One that may be negative has a sign.
func Value(d *metric.Def, x float64) string {
	sign, share := "", "%.3g %%"
	if d.Has(metric.Signed) {
		share = "%+.2f %%"
		if x > 0 {
			sign = "+"
		}
	}
	switch d.Unit {
	case metric.PerSecond:
		return sign + PerSecond(x) + "/s"
	case metric.BytesPerSecond:
		return Size(x) + "/s"
	case metric.InSeconds:
		return Duration(time.Duration(x * 1e9))
	case metric.Nanoseconds:
		return Duration(time.Duration(math.Round(x)))
	case metric.Ratio:
		return fmt.Sprintf(share, 100*x)
	}
	if x == math.Trunc(x) && x >= 0 {
		return Count(uint64(x))
	}
	return sign + PerSecond(x)
}

// Outcome formats a condition with its value, such as "from_due.p99<20ms (3.20 ms)".
func Outcome(o *slo.Outcome) string {
	value := "not measured"
	if d := o.Condition.Def; o.Value != nil && d != nil {
		value = Value(d, *o.Value)
	} else if o.Value != nil {
		value = Duration(time.Duration(*o.Value))
	}
	value = AtLeast(o.AtLeast, value)
	if o.Shaky {
		value += ", of few samples"
	}
	return fmt.Sprintf("%s (%s)", &o.Condition, value)
}

// Percent writes a share. A share above 0 never looks like 0.
func Percent(x float64) string {
	switch {
	case x > 0 && x < 0.0005:
		return "<0.1 %"
	case x < 0.0995:
		return fmt.Sprintf("%.1f %%", 100*x)
	}
	return fmt.Sprintf("%.0f %%", 100*x)
}

// LatencyRow is one row of a latency table.
type LatencyRow struct {
	Name string
	metric.Distribution
}

// shown are the columns of the table.
var shown = metric.Statistics("p50", "p90", "p99", "p99.9", "p99.99", "max")

// LatencyTable writes latencies for people. It leaves out rows without samples, and is empty if no row
// has any.
func LatencyTable(rows ...LatencyRow) string {
	rows = slices.DeleteFunc(rows, func(r LatencyRow) bool { return r.Count == 0 })
	if len(rows) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\n  latency   \t")
	for _, p := range shown {
		fmt.Fprint(w, p.Name, "\t")
	}
	for i := range rows {
		fmt.Fprintf(w, "\n  %-10s\t", rows[i].Name)
		for _, p := range shown {
			fmt.Fprint(w, Percentile(&rows[i].Distribution, p.P, p.Of(&rows[i].Distribution)), "\t")
		}
	}
	fmt.Fprintln(w)
	_ = w.Flush() // into memory
	return b.String()
}

// Percentile writes percentile p; 100 is the maximum. It hides one with fewer than ten samples above it: the
// next run would have another value. One among the censored samples is a lower bound.
func Percentile(d *metric.Distribution, p float64, ns int64) string {
	if p < 100 && !metric.Tells(d.Count, p) {
		return "-"
	}
	return AtLeast(metric.AtLeast(d.Count, d.Censored, p), Duration(time.Duration(ns)))
}

// AtLeast marks the text of a lower bound.
func AtLeast(bound bool, text string) string {
	if bound {
		return "≥ " + text
	}
	return text
}

// WriteObject writes a value as one indented JSON object, as all verbs do.
func WriteObject(w io.Writer, object any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(object)
}
