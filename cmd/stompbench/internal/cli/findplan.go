package cli

import (
	"math"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// plannedSearch is what find --dry-run --json writes.
type plannedSearch struct {
	verb.PlannedVerb
	SLO        string      `json:"slo"`
	From       float64     `json:"from_per_s"`
	To         float64     `json:"to_per_s"`
	Within     float64     `json:"within"`
	Repeats    int         `json:"repeats"`
	DwellSec   float64     `json:"dwell_s"`
	MaxTimeSec float64     `json:"max_time_s"`
	Steps      int         `json:"steps"`   // the expected number, without failures by chance
	StepsSec   float64     `json:"steps_s"` // how long they take, without the drain after each
	Plan       report.Plan `json:"plan"`    // of each step, except its rate
}

// tellSearchPlan writes what a search would do.
func (c *command) tellSearchPlan(s *searching, notes []string) int {
	p := &s.Plan
	steps := s.about()
	took := time.Duration(steps) * (s.dwell + p.Warmup)
	if s.JSON {
		out := plannedSearch{
			PlannedVerb: verb.PlannedVerbOf(p, notes), SLO: s.SLO.String(), From: s.From, To: s.To, Within: s.Within,
			Repeats: s.Repeats, DwellSec: s.dwell.Seconds(), MaxTimeSec: s.Budget.Seconds(), Steps: steps, StepsSec: took.Seconds(),
			Plan: report.PlanOf(p),
		}
		return c.printObject(out)
	}
	var r verb.Rows
	r.Broker(p)
	r.WriteString(s.intent())
	r.Plan(p, notes)
	r.Add("takes", "about %d steps, so %s and what it takes to empty queues, if the knee is at %s/s", steps,
		report.Elapsed(took.Round(time.Second)), report.PerSecond(s.middle()))
	r.Add("needs", "%s", verb.Needs(p))
	return c.print(r.String())
}

// middle returns the geometric mean of the lowest and the highest rate.
func (s *searching) middle() float64 { return math.Sqrt(s.From * s.To) }

// about returns the number of steps to a knee in the middle: doublings up to it, halvings of the
// last doubling, and repeats of both bounds.
func (s *searching) about() int {
	climb := int(math.Ceil(math.Log2(s.middle()/s.From))) + 1
	narrow := int(math.Ceil(math.Log2(math.Log(2) / math.Log1p(s.Within))))
	return climb + max(0, narrow) + 2*s.Repeats
}
