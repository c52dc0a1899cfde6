package verb

import (
	"fmt"

	"github.com/stompwire/stompwire/conn/dialect"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// PlannedRun is what --dry-run --json writes.
type PlannedRun struct {
	Broker      string      `json:"broker"` // without the password; "" for the embedded broker
	Embedded    bool        `json:"embedded"`
	Connections int         `json:"connections"`
	Plan        report.Plan `json:"plan"`
	Notes       []string    `json:"notes"`
}

// PlanOf describes a run in JSON.
func PlanOf(l *flags.Load, notes []string) PlannedRun {
	p := &l.Plan
	return PlannedRun{
		Broker: p.Broker.String(), Embedded: p.Embedded, Connections: p.Connections(),
		Plan: report.PlanOf(p), Notes: append([]string{}, notes...),
	}
}

// PlanText describes a run.
func PlanText(l *flags.Load, notes []string) string {
	p := &l.Plan
	var r Rows
	r.Broker(p)
	r.Plan(p, notes)
	r.Add("needs", "%s", Needs(p))
	return r.String()
}

// Broker writes which broker would be used.
func (r *Rows) Broker(p *workload.Plan) {
	switch {
	case p.Embedded:
		r.Add("broker", "embedded in this process")
	case p.Kind != dialect.Unknown:
		r.Add("broker", "%s, spoken to as %v", p.Broker, p.Kind)
	default:
		r.Add("broker", "%s", p.Broker)
	}
}

// PlannedVerb is the part of a plan in JSON that verbs other than run have.
type PlannedVerb struct {
	Broker   string   `json:"broker"` // without the password; "" for the embedded broker
	Embedded bool     `json:"embedded"`
	Dialect  string   `json:"broker_profile"` // "auto" goes by the broker's server header
	Notes    []string `json:"notes"`
}

// PlannedVerbOf describes the broker and the notes of a plan.
func PlannedVerbOf(p *workload.Plan, notes []string) PlannedVerb {
	return PlannedVerb{Broker: p.Broker.String(), Embedded: p.Embedded, Dialect: flags.Profile(p.Kind), Notes: append([]string{}, notes...)}
}

// Needs describes the resources of this machine that the run takes before the first message.
func Needs(p *workload.Plan) string {
	descriptors := p.Connections()
	if p.Embedded {
		descriptors *= 2 // the embedded broker has the other ends
	}
	text := fmt.Sprintf("%s, %s for bodies", report.Plural(descriptors, "open file"), report.Size(float64(p.BodiesMemory())))
	if n := p.HeadersMemory(); n > 0 {
		text += fmt.Sprintf(", %s for headers", report.Size(float64(n)))
	}
	return text
}
