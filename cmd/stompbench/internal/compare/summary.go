package compare

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// Summary summarises the runs of one side.
type Summary struct {
	Rows  []Spread `json:"metrics"`
	Notes []string `json:"notes"`
}

// Spread is a metric over several runs. Values that were not measured in each of them are NaN.
type Spread struct {
	Metric
	Values                  []float64 // of each run, in their order
	Median, Lowest, Highest float64
	// Low and High enclose the median of such runs with a confidence of at least 95 %. They are NaN
	// with fewer than six runs.
	Low, High float64
}

// Summarize summarises the runs of one side. A run is one sample: the spread contains the variation
// within runs and between them.
func Summarize(runs []*results.Result) *Summary {
	s := &Summary{Rows: []Spread{}, Notes: []string{}}
	for _, m := range Metrics() {
		s.Rows = append(s.Rows, Spread{Metric: m})
	}
	for _, r := range runs { // one at a time: a pool takes megabytes
		one := newSide("", []*results.Result{r}, 0)
		for i := range s.Rows {
			s.Rows[i].Values = append(s.Rows[i].Values, s.Rows[i].of(one))
		}
	}
	s.Rows = slices.DeleteFunc(s.Rows, func(r Spread) bool {
		return !slices.ContainsFunc(r.Values, func(x float64) bool { return !math.IsNaN(x) })
	})
	for i := range s.Rows {
		s.Rows[i].spread()
	}
	if confidence, ok := ofRange(len(runs)); ok {
		s.Notes = append(s.Notes, fmt.Sprintf("less than %d runs give no 95 %% interval: lowest to highest holds the median of such runs with a confidence of %.3g %%",
			enough, 100*confidence))
	}
	return s
}

// spread computes the statistics from the values.
func (r *Spread) spread() {
	nan := math.NaN()
	r.Median, r.Lowest, r.Highest, r.Low, r.High = nan, nan, nan, nan, nan
	if slices.ContainsFunc(r.Values, math.IsNaN) {
		return
	}
	sorted := slices.Sorted(slices.Values(r.Values))
	n := len(sorted)
	r.Median = (sorted[(n-1)/2] + sorted[n/2]) / 2
	r.Lowest, r.Highest = sorted[0], sorted[n-1]
	if k := inner(n); k > 0 {
		r.Low, r.High = sorted[k-1], sorted[n-k]
	}
}

// enough is how many runs an interval of 95 % needs: 2/2⁶ is below 5 %.
const enough = 6

// inner returns how many of n sorted values can be left out at each end, so that the median still
// lies between the outermost remaining values with a confidence of at least 95 %; 0 if there is no
// such interval. Each value lies below the median with a probability of one half, whatever the
// distribution. So the only assumption is that runs are independent.
func inner(n int) int {
	k, tail, term := 0, 0.0, math.Pow(0.5, float64(n)) // probability that exactly k lie below
	for tail+term <= 0.025 {
		tail += term
		term *= float64(n-k) / float64(k+1)
		k++
	}
	return k
}

// ofRange returns the confidence of the range from lowest to highest; ok is false if there is a
// better interval, or none at all.
func ofRange(n int) (confidence float64, ok bool) {
	return 1 - 2*math.Pow(0.5, float64(n)), n > 1 && n < enough
}

// main reports whether the text shows the row; the others are only in the JSON form.
func (r *Spread) main() bool {
	if r.counted {
		return r.Highest > 0
	}
	switch kind, statistic, latency := strings.Cut(r.Name, "."); {
	case !latency:
		return r.Name != "cpu_cores"
	case kind == "send_delay":
		return false
	default:
		return statistic == "p50" || statistic == "p99" || statistic == "p99.9" || statistic == "max"
	}
}

// WriteMarkdown writes a Markdown table whose columns are also aligned as plain text.
func (s *Summary) WriteMarkdown(w io.Writer) error {
	table := [][]string{{"", "median", "lowest", "highest", "spread", "95 % interval"}}
	for i := range s.Rows {
		r := &s.Rows[i]
		if !r.main() {
			continue
		}
		interval := "–"
		if !math.IsNaN(r.Low) {
			interval = r.write(r.Low) + " … " + r.write(r.High)
		}
		table = append(table, []string{r.Name, r.write(r.Median), r.write(r.Lowest), r.write(r.Highest), r.width(), interval})
	}
	return writeTable(w, table, s.Notes)
}

// width returns the range from lowest to highest as a share of the median.
func (r *Spread) width() string {
	switch {
	case math.IsNaN(r.Median) || r.Median == 0 || len(r.Values) < 2:
		return "–"
	case r.Highest == r.Lowest:
		return "0"
	}
	share := (r.Highest - r.Lowest) / r.Median
	switch {
	case share < 0.01:
		return fmt.Sprintf("%.2f %%", 100*share)
	case share < 1:
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	return report.Count(uint64(math.Round(100*share))) + " %"
}
