package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// plannedRuns is what --dry-run --json writes of several runs.
type plannedRuns struct {
	Runs      int               `json:"runs"`
	Order     []string          `json:"order,omitempty"` // of scenarios, if there are several
	PauseSec  float64           `json:"pause_s"`
	TotalSec  *float64          `json:"total_s"` // without connecting and draining; null where a plan does not say
	Scenarios []plannedScenario `json:"scenarios"`
}

type plannedScenario struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	verb.PlannedRun
}

// total returns how long all runs send, including pauses; known is false if the plans do not
// determine it.
func (m *campaign) total() (d time.Duration, known bool) {
	d = time.Duration(len(m.turns)-1) * m.pause
	for _, t := range m.turns {
		one, ok := planned(&t.Plan)
		if !ok {
			return 0, false
		}
		d += one
	}
	return d, true
}

// schedule describes the order of the runs and how long they take.
func (m *campaign) schedule() string {
	var r verb.Rows
	text := report.Plural(len(m.turns), "run")
	if len(m.sides) > 1 {
		text += fmt.Sprintf(", %d of each in turns: %s", m.repeat, m.order())
	}
	if len(m.turns) > 1 {
		text += ", " + report.Elapsed(m.pause) + " between"
	}
	r.Add("series", "%s", text)
	if d, known := m.total(); known {
		r.Add("time", "%s, and what each run takes to connect and to end", report.Elapsed(d.Round(time.Millisecond)))
	} else {
		r.Add("time", "open: as long as it takes to send so many messages")
	}
	if len(m.turns) > 1 && slices.ContainsFunc(m.sides, leavesAll) {
		r.Add("note", "no consumers: the messages of one run are still at the broker when the next one begins")
	}
	return r.String()
}

// leavesAll reports whether the messages of a run stay at a broker that outlives the run.
func leavesAll(s *side) bool {
	return s.Plan.Consumers == 0 && !s.Plan.Embedded && s.Plan.Delivery == workload.Shared
}

// shownTurns is how many turns are listed.
const shownTurns = 12

// order lists the sides in the order of their turns.
func (m *campaign) order() string {
	var names []string
	for _, t := range m.turns[:min(shownTurns, len(m.turns))] {
		names = append(names, t.name)
	}
	if len(m.turns) > shownTurns {
		names = append(names, "…")
	}
	return strings.Join(names, " ")
}

// tellPlan writes what the runs would do.
func (m *campaign) tellPlan() error {
	if m.JSON {
		out := plannedRuns{Runs: len(m.turns), PauseSec: m.pause.Seconds()}
		if d, known := m.total(); known {
			seconds := d.Seconds()
			out.TotalSec = &seconds
		}
		for _, s := range m.sides {
			out.Scenarios = append(out.Scenarios, plannedScenario{s.name, s.file, verb.PlanOf(s.Load, s.notes)})
		}
		for _, t := range m.turns {
			if t.name != "" {
				out.Order = append(out.Order, t.name)
			}
		}
		return m.PrintObject(out)
	}
	var b strings.Builder
	b.WriteString(m.schedule())
	for _, s := range m.sides {
		if s.name != "" {
			fmt.Fprintf(&b, "\n%s, by %s:\n", s.name, s.file)
		}
		b.WriteString(verb.PlanText(s.Load, s.notes))
	}
	return m.Print(b.String())
}
