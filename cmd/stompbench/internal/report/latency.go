package report

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// LatencyRow is one row of a latency table.
type LatencyRow struct {
	Name string
	metric.Distribution
}

// shown are the columns of the table.
var shown = append(slices.DeleteFunc(slices.Clone(metric.Percentiles), func(p metric.Percentile) bool { return p.P == 95 }),
	metric.Percentile{Name: "max", P: 100, Of: func(d *metric.Distribution) int64 { return d.Max }})

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
