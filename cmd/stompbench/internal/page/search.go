package page

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// SearchTool and SearchSchema identify a find.json.
const (
	SearchTool   = "stompbench find"
	SearchSchema = 1
)

// Search is a search for the knee in the form in which it is written out, as find.json.
type Search struct {
	Schema    int         `json:"schema"`
	Tool      string      `json:"tool"`
	Version   string      `json:"version"`
	Partial   bool        `json:"partial"`           // it ended early
	Failure   string      `json:"failure,omitempty"` // why, unless by ^C
	ExitCode  int         `json:"exit_code"`
	StartedAt time.Time   `json:"started_at"`
	Broker    string      `json:"broker"` // without the password
	Embedded  bool        `json:"embedded"`
	SLO       string      `json:"slo"`
	DwellSec  float64     `json:"dwell_s"`
	Within    float64     `json:"within"`
	Repeats   int         `json:"repeats"`
	Plan      report.Plan `json:"plan"` // of each step, except its rate
	*find.Result
}

// maxSearch bounds a find.json, in bytes: 1,000 steps take less than one MB.
const maxSearch = 64 << 20

// ReadSearch reads a find.json.
func ReadSearch(path string) (*Search, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSearch+1))
	if err != nil {
		return nil, err
	}
	s := new(Search)
	switch err := json.Unmarshal(text, s); {
	case len(text) > maxSearch:
		return nil, fmt.Errorf("%s: more than %d MiB are no search", path, maxSearch>>20)
	case err != nil:
		return nil, fmt.Errorf("%s: not a search of stompbench: %w", path, err)
	case s.Tool != SearchTool || s.Result == nil:
		return nil, fmt.Errorf("%s: not a search of stompbench", path)
	case s.Schema != SearchSchema:
		return nil, fmt.Errorf("%s: its schema is %d and this stompbench reads %d: use the one that wrote it", path, s.Schema, SearchSchema)
	}
	for i := range s.Steps {
		if !(s.Steps[i].Rate > 0) {
			return nil, fmt.Errorf("%s: it is damaged: step %d has a rate of %v", path, i+1, s.Steps[i].Rate)
		}
	}
	// Everything that follows from the steps is computed again, so that a damaged or hand-written
	// file cannot contradict its steps.
	s.Tally(s.Within)
	return s, nil
}

// Headline returns the result of the search in one sentence.
func (s *Search) Headline() string {
	perSecond := func(r float64) string { return report.PerSecond(r) + "/s" }
	k := &s.Knee
	switch sure := fmt.Sprintf("%.0f %%", 100*k.Sure); {
	case len(s.Steps) == 0:
		return "no rate was tried"
	case s.Rate == 0 && s.ByGenerator():
		return "nothing is known of the broker: the generator failed at each rate that was tried"
	case k.Low == 0 && k.High == 0:
		return "the steps do not say where the knee is"
	case k.Low == 0:
		return fmt.Sprintf("the knee is below %s, %s sure", perSecond(k.High), sure)
	case k.High == 0:
		return fmt.Sprintf("the knee is above %s, %s sure", perSecond(k.Low), sure)
	default:
		return fmt.Sprintf("the knee is between %s and %s, %s sure; at about %s", perSecond(k.Low), perSecond(k.High), sure, perSecond(k.Likely))
	}
}

// Findings returns the result of the search in sentences: the headline and its grounds.
func (s *Search) Findings() []string {
	return append(append(s.warnings(), s.Headline()), s.grounds()...)
}

// warnings returns reasons why the search is incomplete.
func (s *Search) warnings() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	switch {
	case s.Failure != "":
		say("PARTIAL RESULT: %s", s.Failure)
	case s.Partial:
		say("PARTIAL RESULT: interrupted")
	case s.Ended == find.TimeUp:
		say("the time is up and the search is not done: raise --max-time")
	}
	return all
}

// grounds says which rates passed and failed how often, and why.
func (s *Search) grounds() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if best, at := s.Best(), s.At(s.Rate); best != nil {
		say("%s/s meets %s: it passed %s; p50 %s, p99 %s", report.PerSecond(s.Rate), s.SLO, tries(at.Passed, at.Passed),
			report.Duration(time.Duration(best.P50)), report.Duration(time.Duration(best.P99)))
	} else {
		say("no rate that was tried meets %s", s.SLO)
	}
	s.sayAbove(say)
	for _, r := range s.Undecided() {
		say("%s/s is undecided: it passed %s", report.PerSecond(r.Rate), tries(r.Passed, r.Passed+r.Failed))
	}
	return all
}

// sayAbove says why the rate is not higher.
func (s *Search) sayAbove(say func(format string, args ...any)) {
	worst, at := s.Worst(), s.At(s.Failed)
	if worst == nil {
		if s.Ended == find.AtTop {
			say("there is no knee up to %s/s, the highest rate to try: raise --to", report.PerSecond(s.Rates[len(s.Rates)-1].Rate))
		}
		return
	}
	if at.Verdict == find.Generator {
		say("%s/s failed %s because of the generator, which says nothing about the broker: %s", report.PerSecond(s.Failed), tries(at.Generator, at.Tries()), worst.Why)
		say("so the search ended at what this machine can generate: the broker may be able to do more")
		return
	}
	if worst.Verdict() != find.Failed { // the generator may have failed its last try
		for i := range s.Steps {
			if st := &s.Steps[i]; st.Rate == s.Failed && st.Verdict() == find.Failed {
				worst = st
			}
		}
	}
	say("%s/s failed %s: not %s; limited by %s: %s", report.PerSecond(s.Failed), tries(at.Failed, at.Passed+at.Failed), worst.Broken(), worst.LimitedBy, worst.Why)
	if worst.LimitedBy == string(verdict.Schedule) {
		say("the rate was kept and nothing was at its limit: that is where the SLO ends, and the broker can do more")
	}
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
