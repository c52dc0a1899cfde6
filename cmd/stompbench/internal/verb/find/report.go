package find

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// FileName is the file that contains a whole search.
const FileName = "find.json"

// tell writes the result of a search, which may have broken off. The error has its exit code.
func (s *settings) tell(r *find.Result, began time.Time, broken error, interrupted bool) error {
	rep := &page.Search{
		Schema: page.SearchSchema, Tool: page.SearchTool, Version: verb.Version(), StartedAt: began.UTC().Truncate(time.Millisecond),
		Partial: broken != nil || interrupted, Broker: s.Plan.Broker.String(), Embedded: s.Plan.Embedded, SLO: s.SLO.String(),
		DwellSec: s.dwell.Seconds(), Within: s.Within, Repeats: s.Repeats, Plan: results.PlanOf(&s.Plan), Result: r,
	}
	rep.Plan.RatePerSec, rep.Plan.RateProfile = 0, "" // the steps have rates of their own
	if broken != nil && !interrupted {
		rep.Failure = verb.Sentence(broken)
		defer fmt.Fprintln(s.Stderr, "stompbench: the search broke off:", rep.Failure)
	}
	rep.ExitCode = s.code(rep)
	return s.Conclude(s.Load, rep.ExitCode, func() string { return Text(rep) }, FileName, rep,
		results.File{Name: "find.csv", Write: func(w io.Writer) error { return writeSteps(w, r.Steps) }},
		results.File{Name: verb.PageName, Write: func(w io.Writer) error { return page.WriteSearch(w, rep) }})
}

// code returns the exit code of a search. If no rate passed it is that of an SLO that was not met or,
// if nothing else was wrong with the lowest rate, of a rate that was not kept; unless the generator
// was the reason.
func (s *settings) code(rep *page.Search) int {
	switch {
	case rep.Failure != "":
		return exit.CannotRun
	case rep.Partial:
		return exit.Interrupted
	case rep.ByGenerator() && !s.AcceptLimited:
		return exit.Generator
	case rep.Rate > 0:
		return exit.OK
	}
	worst := rep.Worst()
	if worst != nil && worst.Verdict() == find.Failed && strings.HasPrefix(worst.Broken(), keptRule) && !strings.Contains(worst.Broken(), ", ") {
		return exit.Rate
	}
	return exit.SLO
}

// Text returns the result of a search as text.
func Text(rep *page.Search) string {
	var b strings.Builder
	if plot := rep.Plot(report.PerSecond, report.Duration); plot != "" {
		fmt.Fprintf(&b, "p99 over the rate:\n\n%s\n", plot)
	}
	for _, sentence := range rep.Findings() {
		b.WriteString(report.Wrap(sentence, 0, 90))
	}
	return b.String()
}

// writeSteps writes the steps as a table.
func writeSteps(w io.Writer, steps []find.Step) error {
	lines := [][]string{{"phase", "rate_per_s", "verdict", "sent_per_s", "received_per_s", "backlog_slope_per_s",
		"p50_ns", "p99_ns", "max_ns", "limited_by", "not_met"}}
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }
	whole := func(x int64) string { return strconv.FormatInt(x, 10) }
	for i := range steps {
		s := &steps[i]
		lines = append(lines, []string{string(s.Phase), number(s.Rate), string(s.Verdict()), number(s.SentPerSecond),
			number(s.ReceivedPerSecond), number(s.BacklogSlope), whole(s.P50), whole(s.P99), whole(s.Max), s.LimitedBy, s.Broken()})
	}
	return csv.NewWriter(w).WriteAll(report.Cells(lines))
}
