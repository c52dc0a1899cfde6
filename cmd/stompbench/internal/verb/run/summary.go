package run

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// summaryName is the file of the common summary of several runs, in the folder that contains
// theirs.
const summaryName = "summary.json"

// summary is the result of several runs, in the form in which it is written out.
type summary struct {
	Schema      int          `json:"schema"`
	Tool        string       `json:"tool"`
	Version     string       `json:"version"`
	Partial     bool         `json:"partial"` // not all runs were completed
	ExitCode    int          `json:"exit_code"`
	Scenarios   []scenario   `json:"scenarios"`
	Runs        []*turn      `json:"runs"`        // in their order
	Comparisons []comparison `json:"comparisons"` // of the first scenario with each other one
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

// tell writes the summary. The error has its exit code.
func (m *campaign) tell(progress io.Writer) error {
	code := verb.ExitOK
	if m.interrupted {
		code = verb.ExitInterrupted
	}
	for _, t := range m.turns {
		code = verb.Worst(code, t.ExitCode)
	}
	switch made := slices.ContainsFunc(m.turns, func(t *turn) bool { return t.Made }); {
	case !made && m.interrupted:
		return verb.Interrupted
	case !made:
		return verb.Code(code)
	}
	sum := &summary{Schema: 1, Tool: "stompbench summary", Version: verb.Version(), ExitCode: code, Runs: m.turns, Comparisons: []comparison{}}
	err := sum.fill(m)
	if err == nil {
		err = m.keep(sum)
	}
	if err == nil && m.JSON {
		err = m.PrintObject(sum)
	} else if err == nil {
		fmt.Fprintln(progress)
		err = sum.writeText(m)
	}
	if err != nil {
		return verb.Failed(err, code)
	}
	if m.Out != "" {
		fmt.Fprintf(progress, "\nkept in %s\n", m.Out)
	}
	return verb.Code(code)
}

// fill summarises the runs that were made, and compares the first scenario with each other one.
func (sum *summary) fill(m *campaign) error {
	for _, t := range m.turns {
		sum.Partial = sum.Partial || t.Partial || !t.Made
	}
	for _, s := range m.sides {
		one := scenario{Name: s.name}
		if m.Out != "" {
			one.Folder = filepath.ToSlash(filepath.Clean(s.name)) // "" becomes "."
		}
		var whole []*results.Result
		for _, t := range m.turns {
			if t.side != s || !t.Made {
				continue
			}
			r := t.result
			if r == nil {
				var err error
				if r, err = results.Read(m.dir(t)); err != nil {
					return err
				}
			}
			one.results = append(one.results, r)
			if one.Subject = r.Subject(); !r.Partial {
				whole = append(whole, r)
			}
		}
		one.Whole, one.Summary = len(whole), compare.Summarize(whole)
		if n := m.repeat - len(whole); n > 0 {
			one.Notes = append(one.Notes, fmt.Sprintf("%d of %d runs were not made to their end, and are left out", n, m.repeat))
		}
		sum.Scenarios = append(sum.Scenarios, one)
	}
	a := &sum.Scenarios[0]
	for _, b := range sum.Scenarios[1:] {
		if len(a.results) == 0 || len(b.results) == 0 {
			continue
		}
		all, err := compare.Compare(a.results, b.results, compare.Options{})
		if err != nil {
			return fmt.Errorf("cannot compare %s with %s: %w", a.Name, b.Name, err)
		}
		sum.Comparisons = append(sum.Comparisons, comparison{a.Name, b.Name, all})
	}
	return nil
}

// keep writes the summary next to the folders of the runs.
func (m *campaign) keep(sum *summary) error {
	if m.Out == "" {
		return nil
	}
	var paths []string
	var runs []page.Run
	for i, s := range m.sides {
		for _, t := range m.turns {
			if t.side == s && t.Made {
				paths = append(paths, m.dir(t))
			}
		}
		for _, r := range sum.Scenarios[i].results {
			runs = append(runs, page.Run{Result: r})
		}
	}
	for i, name := range verb.Names(paths) {
		runs[i].Name = name
	}
	for name, write := range map[string]func(io.Writer) error{
		verb.PageName: func(w io.Writer) error { return page.Write(w, runs) },
		summaryName:   func(w io.Writer) error { return report.WriteObject(w, sum) },
	} {
		if err := results.WriteFile(filepath.Join(m.Out, name), write); err != nil {
			return &results.FolderError{Dir: m.Out, Err: err}
		}
	}
	return nil
}

// writeText writes the tables as text.
func (sum *summary) writeText(m *campaign) error {
	var b strings.Builder
	if sum.Partial {
		whole := 0
		for i := range sum.Scenarios {
			whole += sum.Scenarios[i].Whole
		}
		fmt.Fprintf(&b, "PARTIAL RESULT: %d of %d runs were made to their end\n\n", whole, len(sum.Runs))
	}
	for _, s := range sum.Scenarios {
		title := report.Plural(s.Whole, "run")
		if s.Name != "" {
			title = s.Name + ", " + title
		}
		if s.Subject != "" {
			title += " of " + s.Subject
		}
		b.WriteString(title + "\n\n")
		if s.Whole > 0 {
			_ = s.WriteMarkdown(&b) // a Builder cannot fail
			b.WriteByte('\n')
		}
	}
	for _, one := range sum.Comparisons {
		fmt.Fprintf(&b, "A is %s, B is %s\n\n", one.A, one.B)
		_ = one.WriteMarkdown(&b)
		b.WriteByte('\n')
	}
	for _, t := range m.turns {
		if t.Trouble == "" {
			continue
		}
		fmt.Fprintf(&b, "%s: exit code %d: %s\n", t.title, t.ExitCode, t.Trouble)
		if t.Made && m.Out != "" {
			fmt.Fprintf(&b, "  kept in %s\n", m.dir(t))
		}
	}
	return m.Print(strings.TrimRight(b.String(), "\n") + "\n")
}

// plannedRuns is what --dry-run --json writes of several runs.
type plannedRuns struct {
	Runs      int               `json:"runs"`
	Order     []string          `json:"order,omitempty"` // of scenarios, if there are several
	PauseSec  float64           `json:"pause_s"`
	TotalSec  *float64          `json:"total_s"` // without connecting and draining; null where a plan does not say
	Scenarios []plannedScenario `json:"scenarios"`
}

type plannedScenario struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	verb.PlannedRun
}

// tellPlan writes what the runs would do.
func (m *campaign) tellPlan() error {
	if m.JSON {
		out := plannedRuns{Runs: len(m.turns), PauseSec: m.pause.Seconds()}
		if d, known := m.total(); known {
			seconds := d.Seconds()
			out.TotalSec = &seconds
		}
		for _, s := range m.sides {
			out.Scenarios = append(out.Scenarios, plannedScenario{s.name, s.file, verb.PlanOf(s.Load, s.notes)})
		}
		if len(m.sides) > 1 {
			out.Order = m.order()
		}
		return m.PrintObject(out)
	}
	var r verb.Rows
	r.WriteString(m.schedule())
	for _, s := range m.sides {
		if s.name != "" {
			fmt.Fprintf(&r, "\n%s, by %s:\n", s.name, s.file)
		}
		r.Planned(&s.Plan, s.notes)
	}
	return m.Print(r.String())
}

func (m *campaign) order() (names []string) {
	for _, t := range m.turns {
		names = append(names, t.Scenario)
	}
	return names
}

// schedule describes the order of the runs and how long they take.
func (m *campaign) schedule() string {
	var r verb.Rows
	text := report.Plural(len(m.turns), "run")
	if len(m.sides) > 1 {
		order := m.order()
		if len(order) > 12 {
			order = append(order[:12], "…")
		}
		text += fmt.Sprintf(", %d of each in turns: %s", m.repeat, strings.Join(order, " "))
	}
	if len(m.turns) > 1 {
		text += ", " + report.Elapsed(m.pause) + " between"
	}
	r.Add("series", "%s", text)
	if d, known := m.total(); known {
		r.Add("time", "%s, and what each run takes to connect and to end", report.Elapsed(d.Round(time.Millisecond)))
	} else {
		r.Add("time", "open: as long as it takes to send so many messages")
	}
	if len(m.turns) > 1 && slices.ContainsFunc(m.sides, func(s *side) bool {
		return s.Plan.Consumers == 0 && !s.Plan.Embedded && s.Plan.Delivery == workload.Shared
	}) {
		r.Add("note", "no consumers: the messages of one run are still at the broker when the next one begins")
	}
	return r.String()
}

// total returns how long all runs send, including pauses; known is false if the plans do not
// determine it. With a rate and a count it follows from both.
func (m *campaign) total() (d time.Duration, known bool) {
	d = time.Duration(len(m.turns)-1) * m.pause
	for _, t := range m.turns {
		p := &t.side.Plan
		one := p.Warmup + p.Duration
		if p.Count > 0 && p.Rate > 0 && p.Producers > 0 {
			byCount := time.Duration(float64(p.Count) / p.Rate * float64(time.Second))
			if p.Duration == 0 || byCount < one {
				one = byCount
			}
		} else if p.Duration == 0 {
			return 0, false
		}
		d += one
	}
	return d, true
}
