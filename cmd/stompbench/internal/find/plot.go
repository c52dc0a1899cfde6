package find

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The size of a plot in characters, and of the labels left of it.
const (
	plotWidth  = 60
	plotHeight = 12
	plotMargin = 10
)

// PlotKey explains the marks of a plot.
const PlotKey = "o passed, x failed, g failed by the generator, ? at an undecided rate"

// marks are the marks of the verdicts, in the order in which they hide each other.
const marks = " og?x"

var markOf = map[Verdict]byte{Passed: 'o', Failed: 'x', Generator: 'g'}

// Plot draws the latency p99 over the rate, both on a logarithmic scale, including repeats, with
// the marks of PlotKey. rate and latency format numbers. It is empty for fewer than two rates with
// a latency.
func (r *Result) Plot(rate func(float64) string, latency func(time.Duration) string) string {
	steps := slices.DeleteFunc(slices.Clone(r.Steps), func(s Step) bool { return s.P99 <= 0 })
	if len(steps) < 2 {
		return ""
	}
	left, right, bottom, top := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, s := range steps {
		left, right = min(left, s.Rate), max(right, s.Rate)
		bottom, top = min(bottom, float64(s.P99)), max(top, float64(s.P99))
	}
	if left == right {
		return ""
	}
	grid := make([][]byte, plotHeight)
	for i := range grid {
		grid[i] = []byte(strings.Repeat(" ", plotWidth))
	}
	for _, s := range steps {
		cell := &grid[plotHeight-1-cellOf(float64(s.P99), bottom, top, plotHeight)][cellOf(s.Rate, left, right, plotWidth)]
		mark := markOf[s.Verdict()]
		if at := r.At(s.Rate); at != nil && at.Verdict == Undecided {
			mark = '?'
		}
		if strings.IndexByte(marks, mark) > strings.IndexByte(marks, *cell) {
			*cell = mark
		}
	}
	labels := [plotHeight]string{0: latency(time.Duration(top)), plotHeight - 1: latency(time.Duration(bottom))}
	var b strings.Builder
	for i, row := range grid {
		fmt.Fprintf(&b, "%*s | %s\n", plotMargin, labels[i], strings.TrimRight(string(row), " "))
	}
	fmt.Fprintf(&b, "%*s +%s\n", plotMargin, "", strings.Repeat("-", plotWidth+1))
	first := rate(left) + "/s"
	fmt.Fprintf(&b, "%*s%s%*s\n", plotMargin+3, "", first, plotWidth-len(first), " "+rate(right)+"/s")
	return b.String()
}

// cellOf maps a value onto cells, logarithmically.
func cellOf(v, low, high float64, cells int) int {
	if low == high {
		return 0
	}
	return int(math.Round(math.Log(v/low) / math.Log(high/low) * float64(cells-1)))
}
