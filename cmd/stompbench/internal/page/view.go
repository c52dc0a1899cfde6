package page

import (
	"cmp"
	"io"
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// view is the data for the templates: of runs, or of a search.
type view struct {
	Title, Tool string
	Runs        []*runView
	Kinds       []metric.Latency // that any of the runs has
	Common      metric.Latency   // that all have
	Remarks     []remark
	Search      *Search
	Outcome     outcome // of the search
	Data        plots
}

// Run is a result and its name on the page.
type Run struct {
	Name   string
	Result *results.Result
}

// runView is a run for the template.
type runView struct {
	*results.Result
	outcome
	Name          string
	Color         int
	Unsent, Wrong uint64
	Judged        bool // there is a verdict of what limited it
}

// remark is a sentence about one or several runs.
type remark struct{ Names, Text string }

// colors is how many colours there are for runs.
const colors = 8

// Write writes the page of one or several runs.
func Write(w io.Writer, runs []Run) error {
	v := &view{Tool: "stompbench", Title: report.Plural(len(runs), "run") + " compared", Data: plots{Spans: []shading{}}}
	for i, run := range runs {
		r := run.Result
		v.Runs = append(v.Runs, &runView{
			Result: r, outcome: outcomeOf(r), Name: run.Name, Color: i % colors, Unsent: r.Count(metric.Unsent),
			Wrong: r.Sum(metric.Lost, metric.Duplicated, metric.Corrupt), Judged: r.Verdict != nil && r.Plan.Producers > 0,
		})
		for _, text := range r.Remarks() { // each sentence once, with the runs that have it
			if i := slices.IndexFunc(v.Remarks, func(m remark) bool { return m.Text == text }); i >= 0 {
				v.Remarks[i].Names += ", " + run.Name
			} else {
				v.Remarks = append(v.Remarks, remark{run.Name, text})
			}
		}
		v.Data.Runs = append(v.Data.Runs, plotOf(run.Name, r))
		v.Data.Whole[1] = max(v.Data.Whole[1], endOf(r))
	}
	for _, kind := range metric.Latencies() {
		has := func(r *runView) bool { return r.Has(kind) }
		if !slices.ContainsFunc(v.Runs, has) {
			continue
		}
		v.Kinds, v.Data.Kinds = append(v.Kinds, kind), append(v.Data.Kinds, [2]string{string(kind), kind.Label()})
		if !slices.ContainsFunc(v.Runs, func(r *runView) bool { return !has(r) }) {
			v.Common = cmp.Or(v.Common, kind)
		}
	}
	if !v.Several() {
		v.Title, v.Data.Spans = runs[0].Result.Subject(), append(v.Data.Spans, spansOf(runs[0].Result)...)
	}
	return v.write(w)
}

func (v *view) write(w io.Writer) error { return templates.ExecuteTemplate(w, "page.tmpl", v) }

// Several reports whether the page compares runs.
func (v *view) Several() bool { return len(v.Runs) > 1 }

// Any reports whether a section has something to say of any run.
func (v *view) Any(section string) bool {
	return slices.ContainsFunc(v.Runs, func(r *runView) bool {
		return map[string]bool{"unsent": r.Unsent > 0, "slo": len(r.SLO) > 0 || r.SLODeferred != "", "limits": r.Judged}[section]
	})
}

// Has reports whether the run has that kind of latency.
func (r *runView) Has(kind metric.Latency) bool { return slices.Contains(r.Kinds(), kind) }

// Percentile formats a percentile of a latency.
func (r *runView) Percentile(kind metric.Latency, p metric.Percentile) string {
	d := r.Latency[kind]
	return report.Percentile(&d, p.P, p.Of(&d))
}
