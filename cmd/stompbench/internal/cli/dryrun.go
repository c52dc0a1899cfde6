package cli

import (
	"fmt"

	"github.com/stompwire/stompwire/conn/dialect"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// plannedRun is what --dry-run --json writes.
type plannedRun struct {
	Broker      string      `json:"broker"` // without the password; "" for the embedded broker
	Embedded    bool        `json:"embedded"`
	Connections int         `json:"connections"`
	Plan        report.Plan `json:"plan"`
	Notes       []string    `json:"notes"`
}

// tellPlan writes what a run would do.
func (c *command) tellPlan(s *settings, notes []string) int {
	if s.json {
		return c.printObject(planOf(s, notes))
	}
	return c.print(planText(s, notes))
}

func planOf(s *settings, notes []string) plannedRun {
	p := &s.plan
	return plannedRun{
		Broker: p.Broker.String(), Embedded: p.Embedded, Connections: p.Connections(),
		Plan: report.PlanOf(p), Notes: append([]string{}, notes...),
	}
}

func planText(s *settings, notes []string) string {
	p := &s.plan
	var r rows
	r.broker(p)
	r.plan(p, notes)
	r.add("needs", "%s", needs(p))
	return r.String()
}

// printObject writes a plan as JSON.
func (c *command) printObject(plan any) int {
	if err := report.WriteObject(c.stdout, plan); err != nil {
		return c.fail(fmt.Errorf("cannot write the plan: %w", err))
	}
	return ExitOK
}

// broker writes which broker would be used.
func (r *rows) broker(p *workload.Plan) {
	switch {
	case p.Embedded:
		r.add("broker", "embedded in this process")
	case p.Kind != dialect.Unknown:
		r.add("broker", "%s, spoken to as %v", p.Broker, p.Kind)
	default:
		r.add("broker", "%s", p.Broker)
	}
}

// profileName returns the value of --broker.
func profileName(p *workload.Plan) string {
	for name, kind := range brokerProfiles {
		if kind == p.Kind {
			return name
		}
	}
	return ""
}

// needs describes the resources of this machine that the run takes before the first message.
func needs(p *workload.Plan) string {
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
