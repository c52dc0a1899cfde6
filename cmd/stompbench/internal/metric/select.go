package metric

import (
	"fmt"
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

// Find returns the metric with that name in JSON or --slo.
func Find(name string) (*Def, bool) {
	for i := range defs {
		if d := &defs[i]; d.Name == name || name != "" && d.Also == name {
			return d, true
		}
	}
	return nil, false
}

// Names returns what a condition of --slo can begin with; p99 stands for any statistic.
func Names() (all []string) {
	for _, d := range With(ForSLO) {
		all = append(all, d.nameInSLO())
	}
	for _, l := range Latencies() {
		all = append(all, string(l)+".p99")
	}
	return all
}

// nameInSLO is the name that is suggested.
func (d *Def) nameInSLO() string {
	if d.Also != "" {
		return d.Also
	}
	return d.Name
}

// Parse reads the name of a metric, such as lost, or of a statistic, such as from_due.p99.9. Its
// error says what to write instead.
func Parse(name string) (Selector, error) {
	s := Selector{Name: name}
	if name == "" {
		return s, fmt.Errorf("it does not name a metric: write something like from_due.p99<20ms")
	}
	if d, ok := Find(name); ok && d.Has(ForSLO) {
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
	var err error
	if s.Stat, err = parseStatistic(stat); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func parseStatistic(s string) (float64, error) {
	switch s {
	case "max":
		return Max, nil
	case "mean":
		return Mean, nil
	}
	digits, ok := strings.CutPrefix(s, "p")
	digits = strings.ReplaceAll(digits, "_", ".") // accepts p99_9, as in the JSON form
	p, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(p > 0 && p < 100) || strings.ContainsAny(digits, "eExX+-") {
		return 0, fmt.Errorf("%q is not a statistic: write p50, p99.9, max or mean; percentiles lie between 0 and 100", s)
	}
	return p, nil
}

// didYouMean suggests the most similar name.
func didYouMean(name string, all []string) string {
	best, most := "", 1
	for _, candidate := range all {
		if n := common(strings.ReplaceAll(name, "-", "_"), candidate); n > most {
			best, most = candidate, n
		}
	}
	if best != "" && 2*most >= min(len(name), len(best)) {
		return fmt.Sprintf(": did you mean %s?", best)
	}
	return ": there are " + strings.Join(all, ", ")
}

// common returns how long the longest common run of a and b is.
func common(a, b string) (most int) {
	for i := range a {
		for j := range b {
			n := 0
			for i+n < len(a) && j+n < len(b) && a[i+n] == b[j+n] {
				n++
			}
			most = max(most, n)
		}
	}
	return most
}
