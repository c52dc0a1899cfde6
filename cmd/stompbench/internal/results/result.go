package results

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/machine"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// Result is a report with the data that it was computed from. Its JSON form is that of the report
// with more fields.
type Result struct {
	report.Report
	Data
}

// Data is what a report is computed from.
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

// New makes the result of a run on this machine.
func New(rep *report.Report, res *load.Result, s *series.Series) *Result {
	r := &Result{Report: *rep, Data: Data{
		StartedAt: res.Start, Machines: []machine.Machine{machine.Describe()},
		RunIDs: []string{runID(res.ID)}, Histograms: map[metric.Latency]Histogram{}, Series: *s,
	}}
	if res.Book != nil {
		r.Ledger = newLedger(res.Book)
	}
	for _, kind := range metric.Latencies() {
		h := res.Histogram(kind)
		if h.Count() > 0 && (kind != metric.FromDue || h != res.FromSend) {
			r.Histograms[kind] = pack(h)
		}
	}
	return r
}

func runID(id uint64) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", id)
}

func pack(h *histo.Histogram) Histogram {
	return Histogram{h.Pack(), h.Apart}
}

// addTo adds the samples to sum.
func (h *Histogram) addTo(sum *histo.Histogram) {
	p := h.HDR
	p.Apart = h.Apart
	sum.Add(p)
}

// Histogram returns the distribution of a kind, empty if there is none. When sending flat out, from
// due is from send.
func (r *Result) Histogram(kind metric.Latency) *histo.Histogram {
	sum := histo.New()
	h, ok := r.Histograms[kind]
	if !ok && kind == metric.FromDue {
		h, ok = r.Histograms[metric.FromSend]
	}
	if ok {
		h.addTo(sum)
	}
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

// MarshalJSON writes the report and its data as one object.
func (r Result) MarshalJSON() ([]byte, error) { return metric.Join(r.Report, r.Data) }

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Result) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &r.Report); err != nil {
		return err
	}
	return json.Unmarshal(text, &r.Data)
}
