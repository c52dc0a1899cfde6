package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// searchName is the file that contains a whole search.
const searchName = "find.json"

func (s *searching) report(r *find.Result, began time.Time) *page.Search {
	rep := &page.Search{
		Schema: page.SearchSchema, Tool: page.SearchTool, Version: verb.Version(), StartedAt: began.UTC().Truncate(time.Millisecond),
		Broker: s.Plan.Broker.String(), Embedded: s.Plan.Embedded, SLO: s.SLO.String(),
		DwellSec: s.dwell.Seconds(), Within: s.Within, Repeats: s.Repeats, Plan: report.PlanOf(&s.Plan), Result: r,
	}
	rep.Plan.RatePerSec, rep.Plan.RateProfile = 0, "" // the steps have rates of their own
	return rep
}

// tellSearch writes the result of a search, and returns the exit code.
func (c *command) tellSearch(s *searching, rep *page.Search) int {
	rep.ExitCode = s.searchCode(rep)
	var err error
	if s.JSON {
		err = report.WriteObject(c.stdout, rep)
	} else {
		_, err = io.WriteString(c.stdout, searchText(rep))
	}
	if err == nil && s.out != "" {
		err = keepSearch(s.out, rep)
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	}
	if s.out != "" && !s.Quiet {
		fmt.Fprintf(c.stderr, "\nkept in %s\n", s.out)
	}
	if rep.Failure != "" {
		fmt.Fprintln(c.stderr, "stompbench: the search broke off:", rep.Failure)
	}
	return rep.ExitCode
}

// searchCode returns the exit code of a search. If no rate meets the SLO it is that of an SLO that
// was not met, unless the generator was the reason.
func (s *searching) searchCode(rep *page.Search) int {
	switch {
	case rep.Failure != "":
		return verb.ExitCannotRun
	case rep.Partial:
		return verb.ExitInterrupted
	case rep.ByGenerator() && !s.AcceptLimited:
		return verb.ExitGenerator
	case rep.Rate == 0:
		return verb.ExitSLO
	}
	return verb.ExitOK
}

// searchText returns the result as text.
func searchText(rep *page.Search) string {
	var b strings.Builder
	b.WriteByte('\n')
	if plot := rep.Plot(report.PerSecond, report.Duration); plot != "" {
		fmt.Fprintf(&b, "p99 over the rate: %s\n\n%s\n", find.PlotKey, plot)
	}
	for _, sentence := range rep.Findings() {
		b.WriteString(report.Wrap(sentence, 0, 90))
	}
	return b.String()
}

// keepSearch writes the search into a folder. find.json is written last: if it exists, all files
// do.
func keepSearch(dir string, rep *page.Search) error {
	for _, f := range []results.File{
		{Name: "find.csv", Write: func(w io.Writer) error { return writeSteps(w, rep.Steps) }},
		{Name: verb.PageName, Write: func(w io.Writer) error { return page.WriteSearch(w, rep) }},
		{Name: searchName, Write: func(w io.Writer) error { return report.WriteObject(w, rep) }},
	} {
		if err := results.WriteFile(filepath.Join(dir, f.Name), f.Write); err != nil {
			return err
		}
	}
	return nil
}

// writeSteps writes the steps as a table.
func writeSteps(w io.Writer, steps []find.Step) error {
	table := csv.NewWriter(w)
	lines := [][]string{{"phase", "rate_per_s", "verdict", "sent_per_s", "received_per_s", "backlog_slope_per_s",
		"p50_ns", "p99_ns", "max_ns", "limited_by", "not_met"}}
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }
	whole := func(x int64) string { return strconv.FormatInt(x, 10) }
	for i := range steps {
		s := &steps[i]
		lines = append(lines, []string{string(s.Phase), number(s.Rate), string(s.Verdict()), number(s.SentPerSecond),
			number(s.ReceivedPerSecond), number(s.BacklogSlope), whole(s.P50), whole(s.P99), whole(s.Max), s.LimitedBy, brokenRules(s)})
	}
	return table.WriteAll(lines)
}
