package metric

import "github.com/stompwire/stompwire/cmd/stompbench/internal/histo"

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

// DistributionOf returns the distribution of a histogram.
func DistributionOf(h *histo.Histogram) Distribution {
	at := func(p float64) int64 { return int64(h.Percentile(p)) }
	return Distribution{
		Count: h.Count(), Negative: h.Negative, Censored: h.Censored, Mean: int64(h.Mean()), Max: int64(h.Max()),
		P50: at(50), P90: at(90), P95: at(95), P99: at(99), P999: at(99.9), P9999: at(99.99),
	}
}

// Percentile is one of the percentiles of a [Distribution].
type Percentile struct {
	Name string
	P    float64
	Of   func(*Distribution) int64
}

// Percentiles are those that a [Distribution] has, ascending.
var Percentiles = []Percentile{
	{"p50", 50, func(d *Distribution) int64 { return d.P50 }},
	{"p90", 90, func(d *Distribution) int64 { return d.P90 }},
	{"p95", 95, func(d *Distribution) int64 { return d.P95 }},
	{"p99", 99, func(d *Distribution) int64 { return d.P99 }},
	{"p99.9", 99.9, func(d *Distribution) int64 { return d.P999 }},
	{"p99.99", 99.99, func(d *Distribution) int64 { return d.P9999 }},
}

// Statistics of a latency that are no percentiles.
const (
	Max  = -1
	Mean = -2
)

// Tells reports whether percentile p of n samples is meaningful: whether at least ten samples are
// above it. Otherwise the next run would have another value.
func Tells(n uint64, p float64) bool { return float64(n)*(100-p)/100 >= 10-1e-9 }

// AtLeast reports whether percentile p of n samples, [Max] or [Mean] is a lower bound, because it is among
// the censored ones.
func AtLeast(n, censored uint64, p float64) bool {
	return censored > 0 && (p < 0 || float64(n)*(100-p)/100 < float64(censored))
}
