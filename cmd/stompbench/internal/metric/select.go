package metric

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Selector is what a condition is about: a metric, or a statistic of a latency.
type Selector struct {
	Name    string  // as it was written
	Def     *Def    // nil for a latency
	Latency Latency // "" for a metric
	Stat    float64 // a percentile, [Max] or [Mean]
}

// The statistics of a latency that are no percentiles.
const (
	Max  = -1
	Mean = -2
)

// Find returns the metric with that name in JSON or --slo, nil if there is none.
func Find(name string) *Def {
	for _, d := range All() {
		if d.Name == name || name != "" && d.Also == name {
			return d
		}
	}
	return nil
}

// Names returns what a condition of --slo can begin with; p99 stands for any statistic.
func Names() (all []string) {
	for _, d := range With(ForSLO) {
		all = append(all, cmp.Or(d.Also, d.Name))
	}
	for _, l := range Latencies() {
		all = append(all, string(l)+".p99")
	}
	return all
}

// Parse reads the name of a metric, such as lost, or of a statistic, such as from_due.p99.9. Its
// error says what to write instead.
func Parse(name string) (Selector, error) {
	s := Selector{Name: name}
	if name == "" {
		return s, fmt.Errorf("it does not name a metric: write something like from_due.p99<20ms")
	}
	if d := Find(name); d != nil && d.Has(ForSLO) {
		s.Def = d
		return s, nil
	}
	latency, stat, dotted := strings.Cut(name, ".")
	if s.Latency = Latency(latency); !s.Latency.Valid() {
		return s, fmt.Errorf("there is no metric %q%s", name, didYouMean(name, Names()))
	}
	if !dotted {
		return s, fmt.Errorf("%s needs a statistic: write %s.p99, %s.max or %s.mean", latency, latency, latency, latency)
	}
	switch stat {
	case "max":
		s.Stat = Max
		return s, nil
	case "mean":
		s.Stat = Mean
		return s, nil
	}
	digits, ok := strings.CutPrefix(stat, "p")
	digits = strings.ReplaceAll(digits, "_", ".") // accepts p99_9, as in the JSON form
	p, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(p > 0 && p < 100) || strings.ContainsAny(digits, "eExX+-") {
		return s, fmt.Errorf("%s: %q is not a statistic: write p50, p99.9, max or mean; percentiles lie between 0 and 100", name, stat)
	}
	s.Stat = p
	return s, nil
}

// didYouMean suggests the name that begins most alike.
func didYouMean(name string, all []string) string {
	name = strings.ReplaceAll(name, "-", "_")
	alike := func(candidate string) (n int) {
		for n < min(len(name), len(candidate)) && name[n] == candidate[n] {
			n++
		}
		return n
	}
	best := slices.MaxFunc(all, func(a, b string) int { return alike(a) - alike(b) })
	if n := alike(best); n > 1 && 2*n >= min(len(name), len(best)) {
		return fmt.Sprintf(": did you mean %s?", best)
	}
	return ": there are " + strings.Join(all, ", ")
}
