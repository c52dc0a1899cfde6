package find

import (
	"math"
	"slices"
	"strings"
	"time"
)

// The size of a plot in characters.
const (
	plotWidth  = 60
	plotHeight = 12
)

// PlotKey explains the marks of a plot.
const PlotKey = "o passed, x failed, g failed by the generator, ? at an undecided rate"

// Plot draws the latency p99 over the rate, both on a logarithmic scale, including repeats, with
// the marks of PlotKey. rate and latency format numbers. It is empty for fewer than two rates with
// a latency.
func (r *Result) Plot(rate func(float64) string, latency func(time.Duration) string) string {
	steps := slices.DeleteFunc(slices.Clone(r.Steps), func(s Step) bool { return s.P99 <= 0 })
	if len(steps) < 2 {
		return ""
	}
	x, y := newAxis(plotWidth), newAxis(plotHeight)
	for _, s := range steps {
		x.add(s.Rate)
		y.add(float64(s.P99))
	}
	if x.low == x.high {
		return ""
	}
	grid := make([][]byte, plotHeight)
	for i := range grid {
		grid[i] = []byte(strings.Repeat(" ", plotWidth))
	}
	for _, s := range steps {
		cell := &grid[plotHeight-1-y.at(float64(s.P99))][x.at(s.Rate)]
		// If several marks share a cell, the worst is shown.
		if mark := r.mark(&s); strings.IndexByte(marks, mark) > strings.IndexByte(marks, *cell) {
			*cell = mark
		}
	}
	return draw(grid, x, y, rate, latency)
}

// marks are in the order in which they hide each other.
const marks = " og?x"

func (r *Result) mark(s *Step) byte {
	if rate := r.At(s.Rate); rate != nil && rate.Verdict == Undecided {
		return '?'
	}
	switch s.Verdict() {
	case Passed:
		return 'o'
	case Generator:
		return 'g'
	}
	return 'x'
}

func draw(grid [][]byte, x, y *axis, rate func(float64) string, latency func(time.Duration) string) string {
	const margin = 10
	var b strings.Builder
	for i, row := range grid {
		label := ""
		switch i {
		case 0:
			label = latency(time.Duration(y.high))
		case len(grid) - 1:
			label = latency(time.Duration(y.low))
		}
		pad(&b, label, margin)
		b.WriteString(" | " + strings.TrimRight(string(row), " ") + "\n")
	}
	b.WriteString(strings.Repeat(" ", margin) + " +" + strings.Repeat("-", plotWidth+1) + "\n")
	left, right := rate(x.low)+"/s", rate(x.high)+"/s"
	b.WriteString(strings.Repeat(" ", margin+3) + left)
	pad(&b, right, max(1, plotWidth-len(left)))
	b.WriteByte('\n')
	return b.String()
}

// pad writes text right-aligned in so many columns.
func pad(b *strings.Builder, text string, columns int) {
	b.WriteString(strings.Repeat(" ", max(0, columns-len([]rune(text)))) + text)
}

// axis maps values onto cells, logarithmically.
type axis struct {
	cells     int
	low, high float64
}

func newAxis(cells int) *axis { return &axis{cells: cells, low: math.Inf(1)} }

func (a *axis) add(v float64) { a.low, a.high = min(a.low, v), max(a.high, v) }

func (a *axis) at(v float64) int {
	if a.low == a.high {
		return 0
	}
	return int(math.Round(math.Log(v/a.low) / math.Log(a.high/a.low) * float64(a.cells-1)))
}
