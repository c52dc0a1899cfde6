package page

import (
	"fmt"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// Findings returns the result of the search in sentences: the headline and its grounds.
func (s *Search) Findings() []string {
	return slices.Concat(s.warnings(), []string{s.headline()}, s.Grounds())
}

// headline is the result of the search in one sentence.
func (s *Search) headline() string {
	k := &s.Knee
	low, high, likely, sure := perSecond(k.Low), perSecond(k.High), perSecond(k.Likely), fmt.Sprintf("%.0f %% sure", 100*k.Sure)
	switch {
	case len(s.Steps) == 0:
		return "no rate was tried"
	case s.Rate == 0 && s.ByGenerator():
		return "nothing is known of the broker: the generator failed at each rate that was tried"
	case k.Low == 0 && k.High == 0:
		return "the steps do not say where the knee is"
	case k.Low == 0:
		return fmt.Sprintf("the knee is below %s, %s", high, sure)
	case k.High == 0:
		return fmt.Sprintf("the knee is above %s, %s", low, sure)
	}
	return fmt.Sprintf("the knee is between %s and %s, %s; at about %s", low, high, sure, likely)
}

func perSecond(r float64) string { return report.PerSecond(r) + "/s" }

// warnings returns reasons why the search is incomplete.
func (s *Search) warnings() []string {
	switch {
	case s.Failure != "":
		return []string{"PARTIAL RESULT: " + s.Failure}
	case s.Partial:
		return []string{"PARTIAL RESULT: interrupted"}
	case s.Ended == find.TimeUp:
		return []string{"the time is up and the search is not done: raise --max-time"}
	}
	return nil
}

// Grounds says which rates passed and failed how often, and why the rate is not higher.
func (s *Search) Grounds() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	failed := perSecond(s.Failed)
	if best, at := s.Best(), s.At(s.Rate); best != nil {
		p50, p99 := report.Duration(time.Duration(best.P50)), report.Duration(time.Duration(best.P99))
		say("%s meets %s: it passed %s; p50 %s, p99 %s", perSecond(s.Rate), s.SLO, tries(at.Passed, at.Passed), p50, p99)
	} else {
		say("no rate that was tried meets %s", s.SLO)
	}
	switch worst, at := s.Worst(), s.At(s.Failed); {
	case worst == nil && s.Ended == find.AtTop && len(s.Rates) > 0: // a file may claim it without steps
		say("there is no knee up to %s, the highest rate to try: raise --to", perSecond(s.Rates[len(s.Rates)-1].Rate))
	case worst == nil:
	case at.Verdict == find.Generator:
		say("%s failed %s because of the generator, which says nothing about the broker: %s", failed, tries(at.Generator, at.Tries()), worst.Why)
		say("so the search ended at what this machine can generate: the broker may be able to do more")
	default:
		for _, step := range at.Steps { // the generator may have failed its last try
			if step.Verdict() == find.Failed {
				worst = step
			}
		}
		say("%s failed %s: not %s; limited by %s: %s", failed, tries(at.Failed, at.Passed+at.Failed), worst.Broken(), worst.LimitedBy, worst.Why)
		if worst.LimitedBy == string(verdict.Schedule) {
			say("the rate was kept and nothing was at its limit: that is where the SLO ends, and the broker can do more")
		}
	}
	for _, r := range s.Undecided() {
		say("%s is undecided: it passed %s", perSecond(r.Rate), tries(r.Passed, r.Passed+r.Failed))
	}
	return all
}

// tries formats how many of how many tries.
func tries(n, of int) string {
	switch {
	case n == of && n == 1:
		return "the one time that it was tried"
	case n == of && n == 2:
		return "both times"
	case n == of:
		return fmt.Sprintf("all %d times", n)
	}
	return fmt.Sprintf("%d of %d times", n, of)
}
