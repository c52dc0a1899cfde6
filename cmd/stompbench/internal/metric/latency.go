package metric

import (
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Latency is a kind of latency of a message, by its name in JSON and in names of files.
type Latency string

// The latencies.
const (
	FromDue   Latency = "from_due"
	FromSend  Latency = "from_send"
	Confirm   Latency = "confirm"
	SendDelay Latency = "send_delay"
)

// latencies are the labels and helps of the latencies.
var latencies = map[Latency][2]string{
	FromDue:   {"from due", "from when the plan wanted the message sent to its arrival"},
	FromSend:  {"from send", "from when the message was handed to the connection to its arrival"},
	Confirm:   {"to receipt", "from when the message was handed to the connection to the broker's receipt"},
	SendDelay: {"send delay", "from when the plan wanted the message sent to when it was handed to the connection"},
}

// Latencies returns all latencies, the most important first.
func Latencies() []Latency { return []Latency{FromDue, FromSend, Confirm, SendDelay} }

// Valid reports whether it is one of the latencies.
func (l Latency) Valid() bool { return latencies[l] != [2]string{} }

// Label returns the name for display.
func (l Latency) Label() string { return latencies[l][0] }

// Help says what is measured, as a noun phrase.
func (l Latency) Help() string { return latencies[l][1] }

// Distribution is a latency distribution in nanoseconds. All percentiles are over all samples of
// the whole run.
type Distribution struct {
	Count    uint64 `json:"count"`
	Negative uint64 `json:"negative"` // samples below 0, from clocks that disagree
	// Censored is how many samples are lower bounds: of messages that were due and never sent or
	// never received, or whose receipt never came.
	Censored uint64 `json:"censored,omitempty"`
	Mean     int64  `json:"mean"`
	P50      int64  `json:"p50"`
	P90      int64  `json:"p90"`
	P95      int64  `json:"p95"`
	P99      int64  `json:"p99"`
	P999     int64  `json:"p99_9"`
	P9999    int64  `json:"p99_99"`
	Max      int64  `json:"max"`
}

// Statistic is one of a latency.
type Statistic struct {
	Name string
	P    float64 // a percentile, of which 100 is [Max], or [Mean]
	in   func(*Distribution) *int64
}

// The statistics that are no percentiles between 0 and 100.
const (
	Max  = 100
	Mean = -1
)

var statistics = []Statistic{
	{"mean", Mean, func(d *Distribution) *int64 { return &d.Mean }},
	{"p50", 50, func(d *Distribution) *int64 { return &d.P50 }},
	{"p90", 90, func(d *Distribution) *int64 { return &d.P90 }},
	{"p95", 95, func(d *Distribution) *int64 { return &d.P95 }},
	{"p99", 99, func(d *Distribution) *int64 { return &d.P99 }},
	{"p99.9", 99.9, func(d *Distribution) *int64 { return &d.P999 }},
	{"p99.99", 99.99, func(d *Distribution) *int64 { return &d.P9999 }},
	{"max", Max, func(d *Distribution) *int64 { return &d.Max }},
}

// Statistics returns the statistics that a [Distribution] has and that have one of the names, all
// without names.
func Statistics(names ...string) (some []Statistic) {
	for _, s := range statistics {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			some = append(some, s)
		}
	}
	return some
}

// Of returns the statistic of a distribution.
func (s *Statistic) Of(d *Distribution) int64 { return *s.in(d) }

// Estimate returns the statistic p of a histogram; see Statistic.P.
func Estimate(h *histo.Histogram, p float64) int64 {
	if p == Mean {
		return int64(h.Mean())
	}
	return int64(h.Percentile(p))
}

// DistributionOf returns the distribution of a histogram.
func DistributionOf(h *histo.Histogram) Distribution {
	d := Distribution{Count: h.Count(), Negative: h.Negative, Censored: h.Censored}
	for _, s := range statistics {
		*s.in(&d) = Estimate(h, s.P)
	}
	return d
}

// Tells reports whether percentile p of n samples is meaningful: whether at least ten samples are
// above it. Otherwise the next run would have another value.
func Tells(n uint64, p float64) bool { return float64(n)*(100-p)/100 >= 10-1e-9 }

// AtLeast reports whether percentile p of n samples, or [Mean], is a lower bound, because it is among
// the censored ones.
func AtLeast(n, censored uint64, p float64) bool {
	return censored > 0 && (p < 0 || float64(n)*(100-p)/100 < float64(censored))
}
