package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// LatencyRow is one row of a latency table.
type LatencyRow struct {
	Name string
	Distribution
}

// percentiles of the table, in order.
var percentiles = []struct {
	name  string
	p     float64
	value func(*Distribution) int64
}{
	{"p50", 50, func(d *Distribution) int64 { return d.P50 }},
	{"p90", 90, func(d *Distribution) int64 { return d.P90 }},
	{"p99", 99, func(d *Distribution) int64 { return d.P99 }},
	{"p99.9", 99.9, func(d *Distribution) int64 { return d.P999 }},
	{"p99.99", 99.99, func(d *Distribution) int64 { return d.P9999 }},
}

// LatencyTable writes latencies for people. It leaves out rows without samples, and is empty if no row
// has any.
func LatencyTable(rows ...LatencyRow) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\n  latency   \t")
	for _, p := range percentiles {
		fmt.Fprint(w, p.name, "\t")
	}
	fmt.Fprint(w, "max\t\n")
	empty := true
	for _, row := range rows {
		d := &row.Distribution
		if d.Count == 0 {
			continue
		}
		empty = false
		fmt.Fprintf(w, "  %-10s\t", row.Name)
		for _, p := range percentiles {
			fmt.Fprint(w, d.text(p.p, p.value(d)), "\t")
		}
		fmt.Fprint(w, d.text(100, d.Max), "\t\n")
	}
	if empty {
		return ""
	}
	_ = w.Flush() // into memory
	return b.String()
}

// text writes percentile p; 100 is the maximum. It hides one with fewer than ten samples above it: the
// next run would have another value. One among the censored samples is a lower bound.
func (d *Distribution) text(p float64, ns int64) string {
	above := float64(d.Count) * (100 - p) / 100
	switch {
	case p < 100 && above < 10-1e-9:
		return "-"
	case above < float64(d.Censored):
		return "≥ " + Duration(time.Duration(ns))
	}
	return Duration(time.Duration(ns))
}
