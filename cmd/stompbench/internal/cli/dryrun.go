package cli

import (
	"encoding/json"
	"fmt"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// plannedRun is what --dry-run --json writes.
type plannedRun struct {
	Broker      string      `json:"broker"` // without the password; "" for one of our own
	Embedded    bool        `json:"embedded"`
	Connections int         `json:"connections"`
	Plan        report.Plan `json:"plan"`
	Notes       []string    `json:"notes"`
}

// tellPlan writes what would be done.
func (c *command) tellPlan(s *settings, notes []string) int {
	p := &s.plan
	if s.json {
		out := plannedRun{
			Broker: p.Broker.String(), Embedded: p.Embedded, Connections: p.Connections(),
			Plan: report.PlanOf(p), Notes: append([]string{}, notes...),
		}
		enc := json.NewEncoder(c.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(out); err != nil {
			return c.fail(fmt.Errorf("cannot write the plan: %w", err))
		}
		return ExitOK
	}
	var r rows
	if p.Embedded {
		r.add("broker", "embedded in this process")
	} else {
		r.add("broker", "%s", p.Broker)
	}
	r.plan(p, notes)
	r.add("needs", "%s", needs(p))
	return c.print(r.String())
}

// needs says what the run takes of this machine before the first message.
func needs(p *workload.Plan) string {
	descriptors := p.Connections()
	if p.Embedded {
		descriptors *= 2 // the broker has the other ends
	}
	return fmt.Sprintf("%s, %s for bodies",
		report.Plural(descriptors, "open file"), report.Size(float64(p.BodiesMemory())))
}
