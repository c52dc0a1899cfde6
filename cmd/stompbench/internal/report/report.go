package report

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
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
	ExitCode int    `json:"exit_code"`
	// BooksOpen: this is a part of a run, so which messages were lost is known only after merging
	// it with the other parts.
	BooksOpen bool `json:"books_open,omitempty"`
	// United: these are the books of all parts of a run.
	United bool `json:"united,omitempty"`

	Broker  Broker  `json:"broker"`
	Plan    Plan    `json:"plan"`
	Totals  Totals  `json:"totals"`
	Seconds Seconds `json:"seconds"`
	Rates   Rates   `json:"rates"`
	Latency Latency `json:"latency_ns"`
	Process Process `json:"process"`

	Verdict *verdict.Verdict `json:"verdict"`
	Ceiling *Ceiling         `json:"ceiling,omitempty"` // if calibrate saved one
	SLO     []Condition      `json:"slo,omitempty"`
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

// Totals are the closed books. With delivery "each", received and expected count a
// message once for each consumer: received + lost + corrupt = expected, unless a
// damaged message also arrived intact.
type Totals struct {
	Sent            uint64 `json:"sent"`
	Confirmed       uint64 `json:"confirmed"`
	Rejected        uint64 `json:"rejected"`
	Unknown         uint64 `json:"unknown"`
	Expected        uint64 `json:"expected"`
	Received        uint64 `json:"received"`
	Lost            uint64 `json:"lost"`
	ConfirmedLost   uint64 `json:"confirmed_lost"`
	UnconfirmedLost uint64 `json:"unconfirmed_lost"`
	Duplicated      uint64 `json:"duplicated"`  // not marked
	Redelivered     uint64 `json:"redelivered"` // marked as that by the broker
	Nacked          uint64 `json:"nacked"`
	Reordered       uint64 `json:"reordered"`
	Corrupt         uint64 `json:"corrupt"`
	Foreign         uint64 `json:"foreign"`
	Unsent          uint64 `json:"unsent"`
	MaxBacklog      uint64 `json:"max_backlog"`
}

// Seconds are the times for the rates: from the start, or the end of the warm-up, to the last send,
// receipt and arrival, or to the planned end of sending if that is later.
type Seconds struct {
	Sending   float64 `json:"sending"`
	Receiving float64 `json:"receiving"`
	// When that time begins, from the start of the run.
	SendingFrom   float64 `json:"sending_from"`
	ReceivingFrom float64 `json:"receiving_from"`
}

// Rates are averages over the run.
type Rates struct {
	Sent          float64 `json:"sent_per_s"`
	Confirmed     float64 `json:"confirmed_per_s,omitempty"`
	Received      float64 `json:"received_per_s"`
	SentBytes     float64 `json:"sent_bytes_per_s"`
	ReceivedBytes float64 `json:"received_bytes_per_s"`
	// BacklogSlope is by how many messages per second the backlog grew, nil if that was not
	// measured: see package slo.
	BacklogSlope *float64 `json:"backlog_slope_per_s,omitempty"`
}

// Latency has four distributions: from sending and from the due time to the arrival; from sending
// to the receipt; and how late messages were sent.
type Latency struct {
	FromSend  Distribution `json:"from_send"`
	FromDue   Distribution `json:"from_due"`
	Confirm   Distribution `json:"confirm"`
	SendDelay Distribution `json:"send_delay"`
}

// Distribution is a latency distribution in nanoseconds. All percentiles are over all samples of
// the whole run.
type Distribution struct {
	Count    uint64 `json:"count"`
	Negative uint64 `json:"negative"` // samples below 0, from clocks that disagree
	// Censored is how many samples are of something that never happened: each counts as the time
	// that was waited for it, a lower bound.
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

// Process is what this process used during the run, the embedded broker included.
type Process struct {
	CPUCores       float64 `json:"cpu_cores"`
	CPUNsPerMsg    float64 `json:"cpu_ns_per_message"`
	AllocsPerMsg   float64 `json:"allocations_per_message"`
	GCCycles       uint32  `json:"gc_cycles"`
	GCPauseNsTotal int64   `json:"gc_pause_ns"`
}

// New makes the report of a run.
func New(version string, p *workload.Plan, r *load.Result) *Report {
	b := &r.Books
	rep := &Report{
		Schema: Schema, Tool: "stompbench", Version: version, Partial: r.Partial(),
		Broker: Broker{URI: p.Broker.String(), Embedded: p.Embedded, Server: r.Ready.Server, STOMP: r.Ready.Version},
		Plan:   PlanOf(p),
		Totals: Totals{
			Sent: b.Sent, Confirmed: b.Confirmed, Rejected: b.Rejected, Unknown: r.Unknown,
			Expected: b.Expected, Received: b.Received, Lost: b.Lost,
			ConfirmedLost: b.ConfirmedLost, UnconfirmedLost: b.UnconfirmedLost(),
			Duplicated: b.Duplicated, Redelivered: b.Redelivered, Nacked: r.Nacked, Reordered: b.Reordered,
			Corrupt: r.Corrupt, Foreign: r.Foreign,
			Unsent: r.Unsent, MaxBacklog: r.MaxBacklog,
		},
		Seconds: Seconds{
			Sending: r.Sending.Seconds(), Receiving: r.Receiving.Seconds(),
			SendingFrom: r.SendingFrom.Seconds(), ReceivingFrom: r.ReceivingFrom.Seconds(),
		},
		BooksOpen: r.Open,
		Latency: Latency{
			FromSend: DistributionOf(r.FromSend), FromDue: DistributionOf(r.FromDue),
			Confirm: DistributionOf(r.Confirm), SendDelay: DistributionOf(r.Delay),
		},
	}
	if r.AckError != nil {
		rep.AckError = r.AckError.Error()
	}
	rep.Rates.Sent = r.SentPerSecond()
	rep.Rates.Confirmed = r.ConfirmedPerSecond()
	rep.Rates.Received = r.ReceivedPerSecond()
	rep.Rates.SentBytes = rep.Rates.Sent * float64(p.Size)
	rep.Rates.ReceivedBytes = rep.Rates.Received * float64(p.Size)
	if r.BacklogTrend {
		rep.Rates.BacklogSlope = &r.BacklogSlope
	}
	rep.Process = process(max(r.MeasuredSent, r.MeasuredReceived), r.Cost)
	rep.Verdict = verdict.Of(p, r)
	return rep
}

// DistributionOf returns the distribution of a histogram.
func DistributionOf(h *histo.Histogram) Distribution {
	return Distribution{
		Count: h.Count(), Negative: h.Negative(), Censored: h.Censored(), Mean: int64(h.Mean()),
		P50: int64(h.Percentile(50)), P90: int64(h.Percentile(90)), P95: int64(h.Percentile(95)),
		P99: int64(h.Percentile(99)), P999: int64(h.Percentile(99.9)), P9999: int64(h.Percentile(99.99)),
		Max: int64(h.Max()),
	}
}

func process(messages uint64, c load.Cost) Process {
	p := Process{GCCycles: c.GCs, GCPauseNsTotal: int64(c.GCPause)}
	if c.Wall > 0 {
		p.CPUCores = c.CPU.Seconds() / c.Wall.Seconds()
	}
	if messages > 0 {
		p.CPUNsPerMsg = float64(c.CPU) / float64(messages)
		p.AllocsPerMsg = float64(c.Allocations) / float64(messages)
	}
	return p
}
