package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// Outcome formats a condition with its value, such as "from_due.p99<20ms (3.20 ms)".
func Outcome(o *slo.Outcome) string {
	value := "not measured"
	if d := o.Condition.Metric.Def; o.Value != nil && d != nil {
		value = Value(d, *o.Value)
	} else if o.Value != nil {
		value = Duration(time.Duration(*o.Value))
	}
	if o.Shaky {
		value += ", of few samples"
	}
	return fmt.Sprintf("%s (%s)", &o.Condition, value)
}

// judgement writes what limited the run, and whether it met its SLO.
func (r *Report) judgement(b *strings.Builder, style Style) {
	if v := r.Verdict; v != nil && r.Plan.Producers > 0 {
		r.ownCost(b)
		limit := string(v.Limit)
		if v.Invalid {
			limit = style.bad(limit)
		}
		b.WriteString(labelled("limited by", limit+": "+v.Why))
		if r.Ceiling != nil {
			b.WriteString(labelled("", r.Ceiling.String()))
		}
		if v.Invalid {
			b.WriteString(labelled("", style.bad("this result is invalid")+": it is the generator's own, which could not keep the rate that was asked for"))
		}
	}
	if r.SLODeferred != "" {
		b.WriteString(labelled("slo", r.SLODeferred+", for stompbench merge to judge"))
	}
	label := "slo"
	for i := range r.SLO {
		c := &r.SLO[i]
		verdict := style.mood(Good, "met    ")
		if !c.Met {
			verdict = style.bad("NOT MET")
		}
		fmt.Fprintf(b, "  %-10s  %s  %s\n", label, verdict, Outcome(c))
		label = ""
	}
}

// ownCost writes the resources that the generator used and what it waited for.
func (r *Report) ownCost(b *strings.Builder) {
	v := r.Verdict
	if v.ProcessShare > 0 {
		text := Percent(v.ProcessShare) + " of this process's share used"
		if v.StarvedShare >= 0.05 {
			text += fmt.Sprintf(", %s missed to other programs", Percent(v.StarvedShare))
		}
		thread := "n/a"
		if v.ThreadShare > 0 {
			thread = Percent(v.ThreadShare)
		}
		b.WriteString(labelled("processors", fmt.Sprintf("%s; busiest thread %s; garbage collection %s of the CPU time, pauses %s of the time",
			text, thread, Percent(v.GCShare), Percent(v.GCPauseShare))))
	}
	text := fmt.Sprintf("waited %s for receipts, %s for the connection, %s for the schedule, worked %s",
		Percent(v.WindowShare), Percent(v.SendShare), Percent(v.PacerShare), Percent(v.MakingShare))
	if r.Plan.RatePerSec > 0 {
		text += fmt.Sprintf("; %s of the schedule late by over 1 ms, or not sent", Percent(v.LateShare))
	}
	b.WriteString(labelled("producers", text))
}

// Percent writes a share. A share above 0 never looks like 0.
func Percent(x float64) string {
	switch {
	case x > 0 && x < 0.0005:
		return "<0.1 %"
	case x < 0.0995:
		return fmt.Sprintf("%.1f %%", 100*x)
	}
	return fmt.Sprintf("%.0f %%", 100*x)
}

// Ceiling compares the rate of a run with what the generator reached against a sink on the same
// machine.
type Ceiling struct {
	PerSecond float64 `json:"sent_per_s"`
	Share     float64 `json:"share"` // the share of the ceiling that the run reached
	Setting   string  `json:"setting"`
	Measured  string  `json:"measured"` // when, RFC 3339
}

func (c *Ceiling) String() string {
	return fmt.Sprintf("%.0f %% of the %s/s that this machine reached against a sink (%s)", 100*c.Share, PerSecond(c.PerSecond), c.Setting)
}
