package find

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
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
		Head: verb.HeadOf("find", nil).Head, StartedAt: began.UTC().Truncate(time.Millisecond),
		Broker: s.Plan.Broker.String(), Embedded: s.Plan.Embedded, Searching: s.searching(), Result: r,
	}
	rep.Partial = broken != nil || interrupted
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
	if plot := plot(rep.Steps); plot != "" {
		fmt.Fprintf(&b, "p99 over the rate:\n\n%s\n", plot)
	}
	for _, sentence := range rep.Findings() {
		b.WriteString(report.Wrap(sentence, 0, 90))
	}
	return b.String()
}

// plot draws the latency p99 of each step as a bar of at most 40 characters on a logarithmic scale, the
// lowest rate first. It is empty for fewer than two rates with a latency.
func plot(steps []find.Step) string {
	steps = slices.DeleteFunc(slices.Clone(steps), func(s find.Step) bool { return s.P99 <= 0 })
	slices.SortStableFunc(steps, func(a, b find.Step) int { return cmp.Compare(a.Rate, b.Rate) })
	if len(steps) == 0 || steps[0].Rate == steps[len(steps)-1].Rate {
		return ""
	}
	low, high := math.Inf(1), 0.0
	for i := range steps {
		low, high = min(low, float64(steps[i].P99)), max(high, float64(steps[i].P99))
	}
	var b strings.Builder
	for i := range steps {
		s := &steps[i]
		share := math.Log(float64(s.P99)/low) / max(math.Log(high/low), 1e-9)
		bar := strings.Repeat("#", 1+int(share*39+0.5))
		fmt.Fprintf(&b, "%12s/s  %-9s  %9s  %s\n", report.PerSecond(s.Rate), s.Verdict(), report.Duration(time.Duration(s.P99)), bar)
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
