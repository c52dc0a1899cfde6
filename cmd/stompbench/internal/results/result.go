// Package results is the result of a run: its form in JSON and for people, its folder, and the sum of
// several. [Result] is what `--json` writes; with its [Data] it is a result.json. docs/results.md
// describes the files.
//
// Imports: the packages of stompbench that make a run, its verdict and its books, and those that write values.
package results

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/machine"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Schema is the version of the JSON form. It changes when a field changes its meaning or is
// removed; new fields do not change it.
const Schema = 1

// Head is what all results in JSON begin with, those of other verbs too.
type Head struct {
	Schema  int    `json:"schema"`
	Tool    string `json:"tool"`
	Version string `json:"version"`
	// Partial: it ended early, or not all was done. Failure is the reason, unless it was ^C.
	Partial  bool   `json:"partial"`
	Failure  string `json:"failure,omitempty"`
	ExitCode int    `json:"exit_code"`
	Broker   Broker `json:"broker,omitzero"`
}

// Broker is the broker that was measured.
type Broker struct {
	URI      string `json:"uri"` // without the password
	Embedded bool   `json:"embedded"`
	Server   string `json:"server"`
	STOMP    string `json:"stomp"`
}

// Result is a run's result in the form in which it is written out. Names contain units; numbers are
// 0 if nothing was measured.
type Result struct {
	Head
	AckError string `json:"ack_error,omitempty"` // the first ACK that could not be sent
	// DrainCut: the wait at the end was cut short, so that what had not come counts as lost.
	DrainCut bool `json:"drain_cut,omitempty"`
	// BooksOpen: this is a part of a run, so which messages were lost is known only after merging
	// it with the other parts. United: these are the books of all parts.
	BooksOpen bool `json:"books_open,omitempty"`
	United    bool `json:"united,omitempty"`

	Plan Plan `json:"plan"`
	// Values are the metrics. In JSON they are in objects of their groups: totals, rates and so on.
	metric.Values `json:"-"`
	Latency       map[metric.Latency]metric.Distribution `json:"latency_ns"` // of the whole run

	Verdict *verdict.Verdict `json:"verdict"`
	Ceiling *Ceiling         `json:"ceiling,omitempty"` // if calibrate saved one
	SLO     []slo.Outcome    `json:"slo,omitempty"`
	// SLODeferred is an SLO that will be judged once the books of the run are closed.
	SLODeferred string `json:"slo_deferred,omitempty"`

	*Data `json:"-"` // nil in a summary; in JSON, fields of the result
}

// Ceiling compares the rate of a run with what the generator reached against a sink on the same
// machine.
type Ceiling struct {
	PerSecond float64 `json:"sent_per_s"`
	Share     float64 `json:"share"` // the share of the ceiling that the run reached
	Setting   string  `json:"setting"`
	Measured  string  `json:"measured"` // when, RFC 3339
}

// Data is what the rest of a result was computed from.
type Data struct {
	RunIDs     []string                     `json:"run_ids"` // of the runs, several after a merge; "" for a receiver that received no message
	StartedAt  time.Time                    `json:"started_at"`
	Machines   []machine.Machine            `json:"machines"`
	Histograms map[metric.Latency]Histogram `json:"histograms"`
	Series     series.Series                `json:"series"`
	Ledger     *Ledger                      `json:"ledger,omitempty"`
}

// Histogram is a whole run's distribution in a form that can be added up exactly.
type Histogram struct {
	HDR histo.Packed `json:"hdr"`
	histo.Apart
}

// New makes the result of a run on this machine: with the data if it has a series, else a summary.
func New(version string, p *workload.Plan, run *load.Result, s *series.Series) *Result {
	r := &Result{
		Head: Head{
			Schema: Schema, Tool: "stompbench", Version: version, Partial: run.Partial(),
			Broker: Broker{URI: p.Broker.String(), Embedded: p.Embedded, Server: run.Ready.Server, STOMP: run.Ready.Version},
		},
		BooksOpen: run.Open, DrainCut: run.DrainCut, Plan: PlanOf(p), Values: run.Values(),
		Latency: map[metric.Latency]metric.Distribution{}, Verdict: verdict.Of(p, run),
	}
	if run.AckError != nil {
		r.AckError = run.AckError.Error()
	}
	r.Set(metric.SentBytesPerS, r.Value(metric.SentPerS)*float64(p.Size))
	r.Set(metric.ReceivedBytesPerS, r.Value(metric.ReceivedPerS)*float64(p.Size))
	if s != nil {
		id := ""
		if run.ID != 0 {
			id = fmt.Sprintf("%016x", run.ID)
		}
		r.Data = &Data{
			RunIDs: []string{id}, StartedAt: run.Start, Machines: []machine.Machine{machine.Describe()},
			Histograms: map[metric.Latency]Histogram{}, Series: *s, Ledger: newLedger(run.Book, run.Listened),
		}
	}
	for _, kind := range metric.Latencies() {
		h := run.Histogram(kind)
		r.Latency[kind] = metric.DistributionOf(h)
		if s != nil && h.Count() > 0 && (kind != metric.FromDue || h != run.Histogram(metric.FromSend)) {
			r.Histograms[kind] = Histogram{h.Pack(), h.Apart}
		}
	}
	return r
}

// Summary returns the result without its data.
func (r *Result) Summary() *Result {
	s := *r
	s.Data = nil
	return &s
}

// addTo adds the samples to sum.
func (h Histogram) addTo(sum *histo.Histogram) {
	h.HDR.Apart = h.Apart
	sum.Add(h.HDR)
}

// Histogram returns the distribution of a kind, empty if there is none. When sending flat out, from
// due is from send.
func (r *Result) Histogram(kind metric.Latency) *histo.Histogram {
	sum := histo.New()
	h, ok := r.Histograms[kind]
	if !ok && kind == metric.FromDue {
		h = r.Histograms[metric.FromSend]
	}
	h.addTo(sum)
	return sum
}

// Kinds returns the kinds of latency that the result has, the most important first.
func (r *Result) Kinds() (kinds []metric.Latency) {
	for _, kind := range metric.Latencies() {
		if _, ok := r.Histograms[kind]; ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// plain is a Result without its methods, which would be those of the JSON form.
type plain Result

// MarshalJSON writes one object: the fields, an object for each group of metrics, and the data.
func (r Result) MarshalJSON() ([]byte, error) {
	values, err := r.Values.JSON()
	if err != nil {
		return nil, err
	}
	return metric.Join(plain(r), values, r.Data)
}

// UnmarshalJSON reads what MarshalJSON writes. Metrics that are absent, and those that need consumers
// in a run without, are unknown.
func (r *Result) UnmarshalJSON(text []byte) error {
	r.Data = new(Data)
	for _, part := range []any{(*plain)(r), r.Data} {
		if err := json.Unmarshal(text, part); err != nil {
			return err
		}
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
