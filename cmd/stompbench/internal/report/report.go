package report

import (
	"encoding/json"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Schema is the version of the JSON form. It changes when a field changes its meaning or is
// removed; new fields do not change it.
const Schema = 1

// Report is a run's result in the form in which it is written out. Names contain units; numbers are
// 0 if nothing was measured.
type Report struct {
	Schema  int    `json:"schema"`
	Tool    string `json:"tool"`
	Version string `json:"version"`
	// Partial: the run ended early. Failure is the reason, unless it was ^C.
	Partial  bool   `json:"partial"`
	Failure  string `json:"failure,omitempty"`
	AckError string `json:"ack_error,omitempty"` // the first ACK that could not be sent
	// DrainCut: the wait at the end was cut short, so that what had not come counts as lost.
	DrainCut bool `json:"drain_cut,omitempty"`
	ExitCode int  `json:"exit_code"`
	// BooksOpen: this is a part of a run, so which messages were lost is known only after merging
	// it with the other parts.
	BooksOpen bool `json:"books_open,omitempty"`
	// United: these are the books of all parts of a run.
	United bool `json:"united,omitempty"`

	Broker Broker `json:"broker"`
	Plan   Plan   `json:"plan"`
	// Values are the metrics. In JSON they are in objects of their groups: totals, rates and so on.
	metric.Values `json:"-"`
	Latency       Latency `json:"latency_ns"`

	Verdict *verdict.Verdict `json:"verdict"`
	Ceiling *Ceiling         `json:"ceiling,omitempty"` // if calibrate saved one
	SLO     []slo.Outcome    `json:"slo,omitempty"`
	// SLODeferred is an SLO that will be judged once the books of the run are closed.
	SLODeferred string `json:"slo_deferred,omitempty"`
}

// Broker is the broker that was measured.
type Broker struct {
	URI      string `json:"uri"` // without the password
	Embedded bool   `json:"embedded"`
	Server   string `json:"server"`
	STOMP    string `json:"stomp"`
}

// Latency has the distributions of the whole run.
type Latency map[metric.Latency]Distribution

// Distribution is a latency distribution in nanoseconds.
type Distribution = metric.Distribution

// DistributionOf returns the distribution of a histogram.
func DistributionOf(h *histo.Histogram) Distribution { return metric.DistributionOf(h) }

// New makes the report of a run.
func New(version string, p *workload.Plan, r *load.Result) *Report {
	rep := &Report{
		Schema: Schema, Tool: "stompbench", Version: version, Partial: r.Partial(), BooksOpen: r.Open, DrainCut: r.DrainCut,
		Broker: Broker{URI: p.Broker.String(), Embedded: p.Embedded, Server: r.Ready.Server, STOMP: r.Ready.Version},
		Plan:   PlanOf(p), Values: r.Values(), Latency: Latency{}, Verdict: verdict.Of(p, r),
	}
	if r.AckError != nil {
		rep.AckError = r.AckError.Error()
	}
	rep.Set(metric.SentBytesPerS, rep.Value(metric.SentPerS)*float64(p.Size))
	rep.Set(metric.ReceivedBytesPerS, rep.Value(metric.ReceivedPerS)*float64(p.Size))
	for _, l := range metric.Latencies() {
		rep.Latency[l] = DistributionOf(r.Histogram(l))
	}
	return rep
}

// plain is a Report without its methods, which would be those of the JSON form.
type plain Report

// MarshalJSON writes one object, with an object for each group of metrics.
func (r Report) MarshalJSON() ([]byte, error) {
	values, err := r.Values.JSON()
	if err != nil {
		return nil, err
	}
	return metric.Join(plain(r), values)
}

// UnmarshalJSON reads what MarshalJSON writes. Metrics that are absent, and those that need consumers
// in a run without, are unknown.
func (r *Report) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, (*plain)(r)); err != nil {
		return err
	}
	if err := r.Values.ParseJSON(text); err != nil {
		return err
	}
	r.Restrict(r.Plan.Consumers > 0)
	if r.United {
		r.Unset(metric.MaxBacklog)
	}
	return nil
}
