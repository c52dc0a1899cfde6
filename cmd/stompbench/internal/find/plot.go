package find

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// plotWidth is the length of the longest bar, in characters.
const plotWidth = 40

// Plot draws the latency p99 of each step as a bar on a logarithmic scale, the lowest rate first.
// rate and latency format numbers. It is empty for fewer than two rates with a latency.
func (r *Result) Plot(rate func(float64) string, latency func(time.Duration) string) string {
	steps := slices.DeleteFunc(slices.Clone(r.Steps), func(s Step) bool { return s.P99 <= 0 })
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.Rate, b.Rate) })
	if len(steps) == 0 || steps[0].Rate == steps[len(steps)-1].Rate {
		return ""
	}
	byLatency := func(a, b Step) int { return cmp.Compare(a.P99, b.P99) }
	low, high := float64(slices.MinFunc(steps, byLatency).P99), float64(slices.MaxFunc(steps, byLatency).P99)
	var b strings.Builder
	for i := range steps {
		s := &steps[i]
		share := math.Log(float64(s.P99)/low) / max(math.Log(high/low), 1e-9)
		fmt.Fprintf(&b, "%12s/s  %-9s  %9s  %s\n", rate(s.Rate), s.Verdict(), latency(time.Duration(s.P99)), strings.Repeat("#", 1+int(share*(plotWidth-1)+0.5)))
	}
	return b.String()
}
