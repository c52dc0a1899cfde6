package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// median returns the run in the middle by processor time.
func median(runs []result) result {
	slices.SortFunc(runs, func(a, b result) int { return cmp.Compare(a.Process.CPUNsPerMsg, b.Process.CPUNsPerMsg) })
	return runs[len(runs)/2]
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func size(n int) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// count writes a rate with a comma between groups of three digits.
func count(r float64) string {
	s := fmt.Sprintf("%.0f", r)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// micros writes nanoseconds with three digits and a fitting unit; nothing
// measured is a dash.
func micros(ns float64) string {
	switch d := time.Duration(ns); {
	case ns == 0:
		return "–"
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	default:
		return fmt.Sprintf("%.3g s", ns/1e9)
	}
}
