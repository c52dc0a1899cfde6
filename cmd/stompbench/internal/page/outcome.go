package page

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// outcome says how a run ended, as its exit code does: in words, why, and what to do about it.
type outcome struct {
	Code       int
	Mood, Text string // the mood is good, warn or bad
	Do         string
	Why        []string
}

var outcomes = map[int]outcome{
	exit.OK:        {Mood: "good", Text: "Passed"},
	exit.CannotRun: {Text: "Could not run to its end", Do: "Look at the broker and its log, and at the connection to it; then run again."},
	exit.Integrity: {Text: "Messages were lost, duplicated or corrupt", Do: "The books below say how many. Look at the broker's log, dead letters and limits."},
	exit.Generator: {Text: "Invalid: the generator was the limit", Do: "The numbers are of this machine and not of the broker. " +
		"Lower --rate, use more producers or more machines, or accept it with --accept-generator-limit."},
	exit.Rate: {Text: "The broker did not keep up with the rate", Do: "Lower --rate, or let stompbench find look for the rate that it keeps. " +
		"--rate-tolerance says how much may be missed."},
	exit.SLO:         {Text: "The SLO is not met"},
	exit.Interrupted: {Text: "Interrupted", Do: "The numbers are of the time until then. Run again for a whole result."},
}

// ended returns the outcome of an exit code, without a reason.
func ended(code int) outcome {
	o, known := outcomes[code]
	if !known {
		o.Text = fmt.Sprintf("Failed with exit code %d", code)
	}
	if o.Code = code; code != exit.OK {
		o.Mood = "bad"
	}
	return o
}

// outcomeOf returns the outcome of a run. The worst that happened comes first.
func outcomeOf(r *results.Result) outcome {
	o := ended(r.ExitCode)
	say := func(format string, args ...any) { o.Why = append(o.Why, fmt.Sprintf(format, args...)) }
	count := func(id metric.ID) string { return report.Count(r.Count(id)) }
	balance, broken := r.Balance(report.Style{}), r.Broken()
	invalid, missing := r.Verdict != nil && r.Verdict.Invalid, unsent(r)
	switch {
	case r.ExitCode != exit.OK:
	case broken:
		o = ended(exit.Integrity)
		o.Code = exit.OK
	case invalid || r.Partial:
		o.Mood, o.Text = "warn", "Accepted, although it was not as planned"
	case r.BooksOpen:
		o.Mood, o.Text = "warn", "A part of a run"
	}
	switch {
	case r.Failure != "":
		say("Partial result: %s.", strings.TrimSuffix(r.Failure, "."))
	case r.Partial:
		say("Partial result: interrupted.")
	}
	if broken {
		say("Of %s messages expected, %s were lost, %s duplicated and %s corrupt.",
			count(metric.Expected), count(metric.Lost), count(metric.Duplicated), count(metric.Corrupt))
	}
	if missing != "" {
		say("%s%s", missing, stalled(r))
	}
	if v := r.Verdict; v != nil && (missing != "" || r.ExitCode == exit.Generator || r.ExitCode == exit.Rate || invalid) {
		say("Limited by %s: %s.", v.Limit, v.Why)
	}
	var missed []string
	for i := range r.SLO {
		if c := &r.SLO[i]; !c.Met {
			missed = append(missed, report.Outcome(c))
		}
	}
	if len(missed) > 0 {
		say("%d of %s of the SLO not met: %s.", len(missed), report.Plural(len(r.SLO), "condition"), strings.Join(missed, ", "))
	} else if len(r.SLO) > 0 {
		say("All conditions of the SLO are met.")
	}
	if !broken && balance != "" {
		say("Of what was sent, %s.", balance)
	}
	return o
}

// unsent says how many messages were never sent, "" for none.
func unsent(r *results.Result) string {
	n := r.Count(metric.Unsent)
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s messages that were due were never sent, %s of the plan.",
		report.Count(n), report.Count(n+r.Count(metric.Sent)), report.Percent(r.Value(metric.UnsentShare)))
}
