package compare

import (
	"fmt"
	"io"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// Summary summarises the runs of one side.
type Summary struct {
	Rows  []Spread `json:"metrics"`
	Notes []string `json:"notes"`
}

// Spread is a metric over several runs. What was not measured in each of them is unknown.
type Spread struct {
	Metric
	Median  Number `json:"median"`
	Lowest  Number `json:"lowest"`
	Highest Number `json:"highest"`
	// Low and High enclose the median of such runs with a confidence of at least 95 %.
	Low    Number   `json:"low"`
	High   Number   `json:"high"`
	Values []Number `json:"values"` // of each run, in their order
	// AtLeast says which values are lower bounds; nil if none is.
	AtLeast []bool `json:"at_least,omitempty"`
}

// Summarize summarises the runs of one side. A run is one sample, whatever varies within it.
func Summarize(runs []*results.Result) *Summary {
	var rows []Spread
	for _, m := range metrics() {
		rows = append(rows, Spread{Metric: m, Median: unknown, Lowest: unknown, Highest: unknown, Low: unknown, High: unknown})
	}
	for _, r := range runs { // one at a time: the latencies of a side take megabytes
		one := newSide("", []*results.Result{r}, 0)
		for i := range rows {
			e := one.estimate(&rows[i].Metric)
			rows[i].Values, rows[i].AtLeast = append(rows[i].Values, Number(e.value)), append(rows[i].AtLeast, e.atLeast())
		}
	}
	n, k := len(runs), inner(len(runs))
	s := &Summary{Rows: slices.DeleteFunc(rows, func(r Spread) bool { return !slices.ContainsFunc(r.Values, Number.known) }), Notes: []string{}}
	for i := range s.Rows {
		r := &s.Rows[i]
		if !slices.Contains(r.AtLeast, true) {
			r.AtLeast = nil
		}
		x := slices.Sorted(slices.Values(r.Values)) // unknown values first
		if !x[0].known() {
			continue
		}
		r.Median, r.Lowest, r.Highest = (x[(n-1)/2]+x[n/2])/2, x[0], x[n-1]
		if k > 0 {
			r.Low, r.High = x[k-1], x[n-k]
		}
	}
	if n > 1 && k == 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("less than 6 runs give no 95 %% interval: lowest to highest holds the median of such runs with a confidence of %.3g %%",
			100-200*math.Pow(0.5, float64(n))))
	}
	return s
}

// inner returns which of n sorted values, counted from each end, enclose the median with a confidence
// of at least 95 %; 0 if even the outermost do not. Whatever the distribution, each value lies below
// the median with a probability of one half, so the only assumption is that runs are independent.
func inner(n int) (k int) {
	below := distuv.Binomial{N: float64(n), P: 0.5}
	for below.CDF(float64(k)) <= 0.025 {
		k++
	}
	return k
}

// shown reports whether the text shows the row; the others are only in the JSON form.
func (r *Spread) shown() bool {
	switch {
	case r.counted():
		return r.Highest > 0
	case r.kind == "":
		return r.def.ID != metric.CPUCores
	}
	return r.kind != metric.SendDelay && slices.Contains([]float64{50, 99, 99.9, metric.Max}, r.stat)
}

// bound writes a statistic of the runs. A lower bound that is no higher makes it one, too.
func (r *Spread) bound(x Number) string {
	bound := false
	for i, atLeast := range r.AtLeast {
		bound = bound || atLeast && r.Values[i] <= x
	}
	return report.AtLeast(bound, r.write(x))
}

// WriteMarkdown writes a Markdown table whose columns are also aligned as plain text.
func (s *Summary) WriteMarkdown(w io.Writer) error {
	table := [][]string{{"", "median", "lowest", "highest", "spread", "95 % interval"}}
	for i := range s.Rows {
		r := &s.Rows[i]
		if !r.shown() {
			continue
		}
		spread := "–"
		if r.Median > 0 && len(r.Values) > 1 && r.AtLeast == nil {
			spread = fmt.Sprintf("%.3g %%", 100*(r.Highest-r.Lowest)/r.Median)
		}
		table = append(table, []string{r.Name, r.bound(r.Median), r.bound(r.Lowest), r.bound(r.Highest), spread, interval(r.Low, r.High, r.bound)})
	}
	return writeTable(w, table, s.Notes)
}
