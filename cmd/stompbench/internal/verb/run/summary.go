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
	verb.Head
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
func (s *settings) summarize(code int) error {
	sum := &summary{Head: verb.HeadOf("summary", nil), Runs: s.Turns, Comparisons: []comparison{}}
	sum.ExitCode = code
	var runs []page.Run
	for _, side := range s.Sides {
		one, err := s.scenario(side, &runs)
		if err != nil {
			return verb.Failed(err, code)
		}
		sum.Scenarios = append(sum.Scenarios, one)
		sum.Partial = sum.Partial || one.Whole < s.repeat
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
	return s.Conclude(s.Load, code, func() string { return sum.text(&s.Batch) }, summaryName, sum,
		results.File{Name: verb.PageName, Write: func(w io.Writer) error { return page.Write(w, runs) }})
}

// scenario summarises the runs of one side, and adds them to those of the page.
func (s *settings) scenario(side *batch.Side, runs *[]page.Run) (out scenario, err error) {
	out.Name = side.Name
	if s.Out != "" {
		out.Folder = filepath.ToSlash(filepath.Clean(side.Name)) // "" becomes "."
	}
	var whole []*results.Result
	for _, t := range s.Turns {
		if t.Side != side || !t.Made {
			continue
		}
		r := t.Result
		if r.Data == nil {
			if r, err = results.Read(s.Dir(t)); err != nil {
				return out, err
			}
		}
		out.results = append(out.results, r)
		*runs = append(*runs, page.Run{Name: t.Folder, Result: r})
		if out.Subject = r.Subject(); !r.Partial {
			whole = append(whole, r)
		}
	}
	out.Whole, out.Summary = len(whole), compare.Summarize(whole)
	if n := s.repeat - len(whole); n > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("%d of %d runs were not made to their end, and are left out", n, s.repeat))
	}
	return out, nil
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
