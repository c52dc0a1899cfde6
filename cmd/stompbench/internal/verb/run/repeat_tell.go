package run

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// summary is the result of several runs, in the form in which it is written out.
type summary struct {
	Schema      int               `json:"schema"`
	Tool        string            `json:"tool"`
	Version     string            `json:"version"`
	Partial     bool              `json:"partial"` // not all runs were completed
	ExitCode    int               `json:"exit_code"`
	Scenarios   []scenarioSummary `json:"scenarios"`
	Runs        []runSummary      `json:"runs"`        // in their order
	Comparisons []comparison      `json:"comparisons"` // of the first scenario with each other one
	results     [][]*results.Result
}

// scenarioSummary is the summary of the runs of one scenario.
type scenarioSummary struct {
	Name    string `json:"name"` // "" if it is the only one
	Subject string `json:"subject"`
	// Folder is relative to that of the summary; "" if nothing is kept, "." if there is only one
	// scenario.
	Folder string `json:"folder"`
	Whole  int    `json:"runs"` // number of complete runs; the metrics include no others
	*compare.Summary
}

// runSummary is the outcome of a run.
type runSummary struct {
	Scenario string `json:"scenario"`
	Folder   string `json:"folder"` // as in scenarios
	Made     bool   `json:"made"`
	Partial  bool   `json:"partial"`
	ExitCode int    `json:"exit_code"`
	Trouble  string `json:"trouble,omitempty"`
}

// comparison is the comparison of the runs of two scenarios.
type comparison struct {
	A string `json:"a"`
	B string `json:"b"`
	*compare.Comparison
}

// summarize summarises the runs that were made.
func (m *campaign) summarize() (*summary, error) {
	sum := &summary{
		Schema: 1, Tool: "stompbench summary", Version: verb.Version(), ExitCode: m.exitCode(),
		Scenarios: []scenarioSummary{}, Comparisons: []comparison{},
	}
	for _, t := range m.turns {
		sum.Partial = sum.Partial || t.partial || !t.made
		sum.Runs = append(sum.Runs, runSummary{t.name, m.relative(m.dir(t)), t.made, t.partial, t.code, t.trouble})
	}
	for _, s := range m.sides {
		all, err := m.read(s)
		if err != nil {
			return nil, err
		}
		sum.results = append(sum.results, all)
		sum.Scenarios = append(sum.Scenarios, m.summarizeSide(s, all))
	}
	return sum, sum.compare()
}

func (m *campaign) summarizeSide(s *side, all []*results.Result) scenarioSummary {
	out := scenarioSummary{Name: s.name, Folder: m.relative(m.folder(s))}
	var whole []*results.Result
	for _, r := range all {
		if out.Subject = r.Subject(); !r.Partial {
			whole = append(whole, r)
		}
	}
	out.Whole, out.Summary = len(whole), compare.Summarize(whole)
	if n := m.repeat - len(whole); n > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("%d of %d runs were not made to their end, and are left out", n, m.repeat))
	}
	return out
}

// compare compares the first scenario with each other one.
func (sum *summary) compare() error {
	for i := 1; i < len(sum.results); i++ {
		a, b := sum.results[0], sum.results[i]
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		all, err := compare.Compare(a, b, compare.Options{})
		if err != nil {
			return fmt.Errorf("cannot compare %s with %s: %w", sum.Scenarios[0].Name, sum.Scenarios[i].Name, err)
		}
		sum.Comparisons = append(sum.Comparisons, comparison{sum.Scenarios[0].Name, sum.Scenarios[i].Name, all})
	}
	return nil
}

// relative returns a folder relative to that of the summary.
func (m *campaign) relative(dir string) string {
	if dir == "" {
		return ""
	}
	rel, err := filepath.Rel(m.Out, dir)
	if err != nil {
		return dir
	}
	return filepath.ToSlash(rel)
}

// exitCode is that of the worst run.
func (m *campaign) exitCode() int {
	var codes []int
	if m.interrupted {
		codes = append(codes, verb.ExitInterrupted)
	}
	for _, t := range m.turns {
		codes = append(codes, t.code)
	}
	return verb.Worst(codes...)
}

// tell writes the summary and returns the exit code.
func (m *campaign) tell(progress io.Writer) error {
	code, made := m.exitCode(), 0
	for _, t := range m.turns {
		if t.made {
			made++
		}
	}
	switch {
	case made == 0 && m.interrupted:
		return verb.Interrupted
	case made == 0:
		return verb.Code(code)
	}
	sum, err := m.summarize()
	if err == nil {
		err = m.keep(sum)
	}
	if err != nil {
		return verb.Failed(err, code)
	}
	if m.JSON {
		err = m.PrintObject(sum)
	} else {
		fmt.Fprintln(progress)
		err = sum.writeText(m.Stdout, m)
	}
	if err != nil {
		return verb.Failed(fmt.Errorf("cannot write the result: %w", err), code)
	}
	if m.Out != "" {
		fmt.Fprintf(progress, "\nkept in %s\n", m.Out)
	}
	return verb.Code(code)
}

// writeText writes the tables as text.
func (sum *summary) writeText(w io.Writer, m *campaign) error {
	var b strings.Builder
	if sum.Partial {
		made := 0
		for i := range sum.Runs {
			if sum.Runs[i].Made && !sum.Runs[i].Partial {
				made++
			}
		}
		fmt.Fprintf(&b, "PARTIAL RESULT: %d of %d runs were made to their end\n\n", made, len(sum.Runs))
	}
	for i := range sum.Scenarios {
		s := &sum.Scenarios[i]
		title := report.Plural(s.Whole, "run")
		if s.Name != "" {
			title = s.Name + ", " + title
		}
		if len(sum.results[i]) == 0 {
			fmt.Fprintf(&b, "%s\n\n", title)
			continue
		}
		fmt.Fprintf(&b, "%s of %s\n\n", title, s.Subject)
		if s.Whole == 0 {
			continue
		}
		if err := s.WriteMarkdown(&b); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	for i := range sum.Comparisons {
		one := &sum.Comparisons[i]
		fmt.Fprintf(&b, "A is %s, B is %s\n\n", one.A, one.B)
		if err := one.WriteMarkdown(&b); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	for _, t := range m.turns {
		if t.trouble == "" {
			continue
		}
		fmt.Fprintf(&b, "%s: exit code %d: %s\n", m.title(t), t.code, t.trouble)
		if t.made && m.Out != "" {
			fmt.Fprintf(&b, "  kept in %s\n", m.dir(t))
		}
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}
