package find

import (
	"fmt"
	"math"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// planned is what find --dry-run --json writes.
type planned struct {
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

// tellPlan writes what a search would do.
func (s *settings) tellPlan(notes []string) error {
	p := &s.Plan
	if s.JSON {
		return s.PrintObject(planned{
			PlannedVerb: verb.PlannedVerbOf(p, notes), SLO: s.SLO.String(), From: s.From, To: s.To, Within: s.Within,
			Repeats: s.Repeats, DwellSec: s.dwell.Seconds(), MaxTimeSec: s.Budget.Seconds(),
			Steps: s.steps(s.middle()), StepsSec: s.takes(s.middle()).Seconds(), Plan: report.PlanOf(p),
		})
	}
	var r verb.Rows
	r.Broker(p)
	s.intent(&r)
	r.Plan(p, notes)
	r.Add("needs", "%s", verb.Needs(p))
	return s.Print(r.String())
}

// intent describes what is searched for, how, and how long that takes.
func (s *settings) intent(r *verb.Rows) {
	r.Add("searching", "from %s/s to %s/s for the highest rate with %s", report.PerSecond(s.From), report.PerSecond(s.To), s.SLO)
	tries := "once"
	if s.Repeats > 0 {
		tries = fmt.Sprintf("%d times", 1+s.Repeats)
	}
	r.Add("steps", "%s each, after %s of warm-up, until the knee is known to %.3g %% and both sides of it were tried %s; for at most %s",
		report.Elapsed(s.dwell), report.Elapsed(s.Plan.Warmup), 100*s.Within, tries, report.Elapsed(s.Budget))
	r.Add("takes", "at least %s; about %d steps in %s if the knee is at %s/s; and what it takes to empty queues",
		report.Elapsed(s.takes(s.From)), s.steps(s.middle()), report.Elapsed(s.takes(s.middle())), report.PerSecond(s.middle()))
	if s.takes(s.From) > s.Budget {
		r.Add("", "so --max-time ends it early, without a result that is sure: raise it")
	}
}

// middle returns the geometric mean of the lowest and the highest rate.
func (s *settings) middle() float64 { return math.Sqrt(s.From * s.To) }

// steps returns the number of steps to a knee: doublings up to it, halvings of the last doubling, and
// repeats of both bounds.
func (s *settings) steps(knee float64) int {
	if s.From == s.To {
		return 1 + s.Repeats
	}
	climb := math.Ceil(math.Log2(knee/s.From)) + 1
	narrow := math.Ceil(math.Log2(math.Log(2) / math.Log1p(s.Within)))
	return int(max(climb, 2)+max(narrow, 0)) + 2*s.Repeats
}

// takes returns how long the steps to a knee take.
func (s *settings) takes(knee float64) time.Duration {
	return (time.Duration(s.steps(knee)) * (s.dwell + s.Plan.Warmup)).Round(time.Second)
}
