package run

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
)

// summaryName is the file of the common summary of several runs, in the folder that contains
// theirs.
const summaryName = "summary.json"

// summary is the result of several runs, in the form in which it is written out.
type summary struct {
	Schema      int           `json:"schema"`
	Tool        string        `json:"tool"`
	Version     string        `json:"version"`
	Partial     bool          `json:"partial"` // not all runs were completed
	ExitCode    int           `json:"exit_code"`
	Scenarios   []scenario    `json:"scenarios"`
	Runs        []*batch.Turn `json:"runs"`        // in their order
	Comparisons []comparison  `json:"comparisons"` // of the first scenario with each other one
}

// scenario is the summary of the runs of one scenario.
type scenario struct {
	Name    string `json:"name"` // "" if it is the only one
	Subject string `json:"subject"`
	Folder  string `json:"folder"` // as of turn; "." if there is only one scenario
	Whole   int    `json:"runs"`   // number of complete runs; the metrics include no others
	*compare.Summary
	results []*results.Result
}

// comparison is the comparison of the runs of two scenarios.
type comparison struct {
	A string `json:"a"`
	B string `json:"b"`
	*compare.Comparison
}

// summarize summarises the runs that were made, compares the first scenario with each other one, and
// writes that.
func (c *settings) summarize(b *batch.Batch, code int) error {
	sum := &summary{Schema: 1, Tool: "stompbench summary", Version: verb.Version(), ExitCode: code, Runs: b.Turns, Comparisons: []comparison{}}
	var runs []page.Run
	for _, side := range b.Sides {
		s, err := c.scenario(b, side, &runs)
		if err != nil {
			return verb.Failed(err, code)
		}
		sum.Scenarios = append(sum.Scenarios, s)
		sum.Partial = sum.Partial || s.Whole < c.repeat
	}
	first := &sum.Scenarios[0]
	for _, other := range sum.Scenarios[1:] {
		if len(first.results) == 0 || len(other.results) == 0 {
			continue
		}
		all, err := compare.Compare(first.results, other.results, 0)
		if err != nil {
			return verb.Failed(fmt.Errorf("cannot compare %s with %s: %w", first.Name, other.Name, err), code)
		}
		sum.Comparisons = append(sum.Comparisons, comparison{first.Name, other.Name, all})
	}
	return b.Conclude(b.Load, code, func() string { return sum.text(b) }, b.File, sum, results.File{Name: verb.PageName, Write: func(w io.Writer) error { return page.Write(w, runs) }})
}

// scenario summarises the runs of one side, and adds them to those of the page.
func (c *settings) scenario(b *batch.Batch, side *batch.Side, runs *[]page.Run) (s scenario, err error) {
	s.Name = side.Name
	if b.Out != "" {
		s.Folder = filepath.ToSlash(filepath.Clean(s.Name)) // "" becomes "."
	}
	var whole []*results.Result
	for _, t := range b.Turns {
		if t.Side != side || !t.Made {
			continue
		}
		r := t.Result
		if r.Data == nil {
			if r, err = results.Read(b.Dir(t)); err != nil {
				return s, err
			}
		}
		s.results = append(s.results, r)
		*runs = append(*runs, page.Run{Name: t.Folder, Result: r})
		if s.Subject = r.Subject(); !r.Partial {
			whole = append(whole, r)
		}
	}
	s.Whole, s.Summary = len(whole), compare.Summarize(whole)
	if n := c.repeat - len(whole); n > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d of %d runs were not made to their end, and are left out", n, c.repeat))
	}
	return s, nil
}

// text writes the tables.
func (sum *summary) text(b *batch.Batch) string {
	var out strings.Builder
	if sum.Partial {
		whole := 0
		for _, s := range sum.Scenarios {
			whole += s.Whole
		}
		fmt.Fprintf(&out, "PARTIAL RESULT: %d of %d runs were made to their end\n\n", whole, len(sum.Runs))
	}
	for _, s := range sum.Scenarios {
		title := report.Plural(s.Whole, "run")
		if s.Name != "" {
			title = s.Name + ", " + title
		}
		if s.Subject != "" {
			title += " of " + s.Subject
		}
		out.WriteString(title + "\n\n")
		if s.Whole > 0 {
			_ = s.WriteMarkdown(&out) // a Builder cannot fail
			out.WriteByte('\n')
		}
	}
	for _, one := range sum.Comparisons {
		fmt.Fprintf(&out, "A is %s, B is %s\n\n", one.A, one.B)
		_ = one.WriteMarkdown(&out)
		out.WriteByte('\n')
	}
	for _, t := range sum.Runs {
		if t.Trouble == "" {
			continue
		}
		fmt.Fprintf(&out, "%s: exit code %d: %s\n", t.Title, t.ExitCode, t.Trouble)
		if t.Made && b.Out != "" {
			fmt.Fprintf(&out, "  kept in %s\n", b.Dir(t))
		}
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}
