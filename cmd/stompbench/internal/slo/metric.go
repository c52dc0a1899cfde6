package slo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Kind is the unit of a metric.
type Kind uint8

// The kinds of metrics.
const (
	Latency    Kind = iota // nanoseconds
	Count                  // messages
	Rate                   // messages a second
	Share                  // from 0 to 1
	Slope                  // change of messages per second, below 0 for a decrease
	SlopeShare             // the same as a share of the sending rate
)

// Latencies are the distributions that conditions can name.
var Latencies = []string{"from_due", "from_send", "confirm", "send_delay"}

// Numbers are the other metrics, with explanations.
var Numbers = []struct {
	Name string
	Kind Kind
	What string
}{
	{"sent", Count, "messages sent"},
	{"confirmed", Count, "messages confirmed by a receipt"},
	{"expected", Count, "messages that should have come, for each subscriber that gets them all"},
	{"received", Count, "messages received"},
	{"lost", Count, "messages that never came"},
	{"confirmed_lost", Count, "messages that were confirmed and never came"},
	{"unconfirmed_lost", Count, "the other lost ones"},
	{"duplicated", Count, "messages that came again without a word"},
	{"redelivered", Count, "messages that came again, marked as that by the broker"},
	{"nacked", Count, "messages that consumers refused"},
	{"reordered", Count, "messages that came after a later one of their producer"},
	{"corrupt", Count, "messages that came damaged"},
	{"foreign", Count, "messages that were not of this run"},
	{"rejected", Count, "messages that the broker refused"},
	{"unknown", Count, "messages without an outcome"},
	{"unsent", Count, "messages that were due and not sent"},
	{"max_backlog", Count, "most messages that were seen to be on their way at a time"},
	{"sent_per_s", Rate, "messages sent a second"},
	{"confirmed_per_s", Rate, "messages confirmed a second"},
	{"received_per_s", Rate, "messages received a second"},
	{"lost_share", Share, "lost ones among those expected"},
	{"unsent_share", Share, "unsent ones among those due"},
	{"backlog.slope", Slope, "messages a second by which the backlog grows"},
	{"backlog.slope_share", SlopeShare, "the same as a share of the messages sent a second"},
}

// Names returns all metrics that a condition can name; p99 stands for any statistic.
func Names() []string {
	all := make([]string, 0, len(Numbers)+len(Latencies))
	for _, n := range Numbers {
		all = append(all, n.Name)
	}
	for _, l := range Latencies {
		all = append(all, l+".p99")
	}
	return all
}

// Metric is the metric of a condition.
type Metric struct {
	Name       string // as it was written
	Kind       Kind
	latency    string
	percentile float64 // -1 for max, -2 for mean
}

const (
	statMax  = -1
	statMean = -2
)

func parseMetric(name string) (Metric, error) {
	if name == "" {
		return Metric{}, fmt.Errorf("it does not name a metric: write something like from_due.p99<20ms")
	}
	for _, n := range Numbers {
		if n.Name == name {
			return Metric{Name: name, Kind: n.Kind}, nil
		}
	}
	latency, stat, dotted := strings.Cut(name, ".")
	if !slices.Contains(Latencies, latency) {
		return Metric{}, fmt.Errorf("there is no metric %q%s", name, didYouMean(name))
	}
	if !dotted {
		return Metric{}, fmt.Errorf("%s needs a statistic: write %s.p99, %s.max or %s.mean", latency, latency, latency, latency)
	}
	p, err := parseStatistic(stat)
	if err != nil {
		return Metric{}, fmt.Errorf("%s: %w", name, err)
	}
	return Metric{Name: name, Kind: Latency, latency: latency, percentile: p}, nil
}

func parseStatistic(s string) (float64, error) {
	switch s {
	case "max":
		return statMax, nil
	case "mean":
		return statMean, nil
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
func didYouMean(name string) string {
	all := Names()
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

// of returns the metric's value. known is false if nothing was measured, shaky is true if fewer
// than ten samples are above the percentile.
func (m *Metric) of(f *Facts) (value float64, known, shaky bool) {
	if m.Kind != Latency {
		value, known = f.Numbers[m.Name]
		return value, known, false
	}
	h := f.Latencies[m.latency]
	if h == nil || h.Count() == 0 {
		return 0, false, false
	}
	switch m.percentile {
	case statMax:
		return float64(h.Max()), true, false
	case statMean:
		return float64(h.Mean()), true, false
	}
	return float64(h.Percentile(m.percentile)), true, !h.Tells(m.percentile)
}

// Facts are the values that conditions are judged by. A number that is absent was not measured.
type Facts struct {
	Latencies map[string]*histo.Histogram
	Numbers   map[string]float64
}
