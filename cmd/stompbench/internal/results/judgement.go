package results

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// judgement writes what limited the run, and whether it met its SLO.
func (r *Result) judgement(b *strings.Builder, style report.Style) {
	if v := r.Verdict; v != nil && r.Plan.Producers > 0 {
		r.ownCost(b)
		limit := string(v.Limit)
		if v.Invalid {
			limit = style.Bad(limit)
		}
		b.WriteString(report.Labelled("limited by", limit+": "+v.Why))
		if r.Ceiling != nil {
			b.WriteString(report.Labelled("", r.Ceiling.String()))
		}
		if v.Invalid {
			b.WriteString(report.Labelled("", style.Bad("this result is invalid")+": it is the generator's own, which could not keep the rate that was asked for"))
		}
	}
	if r.SLODeferred != "" {
		b.WriteString(report.Labelled("slo", r.SLODeferred+", for stompbench merge to judge"))
	}
	label := "slo"
	for i := range r.SLO {
		c := &r.SLO[i]
		verdict := style.Mood(report.Good, "met    ")
		if !c.Met {
			verdict = style.Bad("NOT MET")
		}
		fmt.Fprintf(b, "  %-10s  %s  %s\n", label, verdict, report.Outcome(c))
		label = ""
	}
}

// ownCost writes the resources that the generator used and what it waited for.
func (r *Result) ownCost(b *strings.Builder) {
	v := r.Verdict
	if v.ProcessShare > 0 {
		text := report.Percent(v.ProcessShare) + " of this process's share used"
		if v.StarvedShare >= 0.05 {
			text += fmt.Sprintf(", %s missed to other programs", report.Percent(v.StarvedShare))
		}
		thread := "n/a"
		if v.ThreadShare > 0 {
			thread = report.Percent(v.ThreadShare)
		}
		b.WriteString(report.Labelled("processors", fmt.Sprintf("%s; busiest thread %s; garbage collection %s of the CPU time, pauses %s of the time",
			text, thread, report.Percent(v.GCShare), report.Percent(v.GCPauseShare))))
	}
	text := fmt.Sprintf("waited %s for receipts, %s for the connection, %s for the schedule, worked %s",
		report.Percent(v.WindowShare), report.Percent(v.SendShare), report.Percent(v.PacerShare), report.Percent(v.MakingShare))
	if r.Plan.RatePerSec > 0 {
		text += fmt.Sprintf("; %s of the schedule late by over 1 ms, or not sent", report.Percent(v.LateShare))
	}
	b.WriteString(report.Labelled("producers", text))
}
