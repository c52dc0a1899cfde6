package page

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// outcome says how a run ended, as its exit code does: in words, why, and what to do about it.
type outcome struct {
	Code int
	Mood string // good, warn or bad
	Text string
	Why  []string
	Do   string
}

// words are the texts of the exit codes.
var words = map[int]struct{ text, do string }{
	0:   {"Passed", ""},
	1:   {"Could not run to its end", "Look at the broker and its log, and at the connection to it; then run again."},
	3:   {"Messages were lost, duplicated or corrupt", "The books below say how many. Look at the broker's log, dead letters and limits."},
	4:   {"Invalid: the generator was the limit", "The numbers are of this machine and not of the broker. Lower --rate, use more producers or more machines, or accept it with --accept-generator-limit."},
	5:   {"The broker did not keep up with the rate", "Lower --rate, or let stompbench find look for the rate that it keeps. --rate-tolerance says how much may be missed."},
	99:  {"The SLO is not met", ""},
	130: {"Interrupted", "The numbers are of the time until then. Run again for a whole result."},
}

// wordsOf returns the outcome of an exit code, without a reason.
func wordsOf(code int) outcome {
	o := outcome{Code: code, Mood: "bad", Text: words[code].text, Do: words[code].do}
	switch {
	case code == 0:
		o.Mood = "good"
	case o.Text == "":
		o.Text = fmt.Sprintf("Failed with exit code %d", code)
	}
	return o
}

// outcomeOf returns the outcome of a run. The worst that happened comes first.
func outcomeOf(r *results.Result) outcome {
	o := wordsOf(r.ExitCode)
	say := func(format string, args ...any) { o.Why = append(o.Why, fmt.Sprintf(format, args...)) }
	balance, broken := r.Balance(report.Style{}), r.Broken()
	invalid := r.Verdict != nil && r.Verdict.Invalid
	missing := unsent(r)
	switch {
	case r.ExitCode == 0 && broken:
		o.Mood, o.Text, o.Do = "bad", words[3].text, words[3].do
	case r.ExitCode == 0 && (invalid || r.Partial):
		o.Mood, o.Text = "warn", "Accepted, although it was not as planned"
	case r.ExitCode == 0 && r.BooksOpen:
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
			report.Count(r.Count(metric.Expected)), report.Count(r.Count(metric.Lost)), report.Count(r.Count(metric.Duplicated)), report.Count(r.Count(metric.Corrupt)))
	}
	if missing != "" {
		say("%s%s", missing, stalled(r))
	}
	if v := r.Verdict; v != nil && (missing != "" || r.ExitCode == 4 || r.ExitCode == 5 || invalid) {
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
