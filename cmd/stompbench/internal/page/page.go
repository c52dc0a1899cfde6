// Package page writes one or several results, or a search, as an HTML page: with plots, readable on a
// phone, in light and dark mode, in a single file that loads nothing. Its first line follows the exit
// code. The plots are those of uPlot, which is in the folder uplot with its licence.
//
// Imports: the packages of stompbench that make results and searches, and those that write values.
package page

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// style and script are what a page consists of besides its templates.
var (
	//go:embed *.tmpl
	files     embed.FS
	templates = template.Must(template.New("").Funcs(functions).ParseFS(files, "*.tmpl"))

	//go:embed uplot/uPlot.min.css
	plotStyle string
	//go:embed style.css
	pageStyle string
	//go:embed uplot/uPlot.iife.min.js
	uPlot string
	//go:embed plot.js
	plotScript string
	//go:embed page.js
	pageScript string

	style, script = plotStyle + pageStyle, "\"use strict\";\n" + uPlot + plotScript + pageScript
)

// policy is the Content-Security-Policy. It has the hashes of style and script: the browser then runs
// and loads nothing else, whatever text a broker sends. The style elements of uPlot are set by its
// script, which the policy permits.
var policy = "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
	"style-src " + hash(style) + "; script-src " + hash(script)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

var functions = template.FuncMap{
	"style":   func() template.CSS { return template.CSS(style) },
	"script":  func() template.JS { return template.JS(script) },
	"policy":  func() string { return policy },
	"columns": func() []metric.Statistic { return columns },
	"lines":   func() []metric.Statistic { return lines },
	"totals":  func() []*metric.Def { return metric.In(metric.Totals) },
	"fault":   func() metric.Flags { return metric.Fault },
	"unsent":  unsent,
	"behind":  behind,
	"stalled": stalled,

	"inc":     func(i int) int { return i + 1 },
	"count":   func(n any) string { return report.Count(uint64(max(0, number(n)))) },
	"size":    func(n any) string { return report.Size(number(n)) },
	"rate":    report.PerSecond,
	"percent": report.Percent,
	"elapsed": elapsed,
	"latency": func(ns int64) string { return report.Duration(time.Duration(ns)) },
	"outcome": func(o slo.Outcome) string { return report.Outcome(&o) },
	"when":    func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 MST") },
}

// number is a number of any type.
func number(n any) float64 { return reflect.ValueOf(n).Convert(reflect.TypeFor[float64]()).Float() }

func elapsed(s float64) string { return report.Elapsed(seconds(s).Round(100 * time.Millisecond)) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// view is the data for the templates: of runs, or of a search.
type view struct {
	Title, Tool string
	Outcome     outcome // of the search
	Search      *Search
	Runs        []*Run
	Kinds       []metric.Latency // that any of the runs has
	Common      metric.Latency   // that all have
	Remarks     []remark
	Data        plots
}

// Run is a result and its name on the page. Write sets the rest.
type Run struct {
	Name string
	*results.Result
	Color   int
	Outcome outcome
}

// remark is a sentence about one or several runs.
type remark struct{ Names, Text string }

// colors is how many colours there are for runs.
const colors = 8

// Write writes the page of one or several runs.
func Write(w io.Writer, runs []Run) error {
	v := &view{Tool: "stompbench", Title: report.Plural(len(runs), "run") + " compared", Data: plots{Spans: []shading{}}}
	if len(runs) == 1 {
		v.Title, v.Data.Spans = runs[0].Subject(), append(v.Data.Spans, spansOf(runs[0].Result)...)
	}
	for i, run := range runs {
		run.Color, run.Outcome = i%colors, outcomeOf(run.Result)
		v.Runs = append(v.Runs, &run)
		for _, text := range run.Remarks() { // each sentence once, with the runs that have it
			if i := slices.IndexFunc(v.Remarks, func(m remark) bool { return m.Text == text }); i >= 0 {
				v.Remarks[i].Names += ", " + run.Name
			} else {
				v.Remarks = append(v.Remarks, remark{run.Name, text})
			}
		}
		v.Data.Runs = append(v.Data.Runs, plotOf(&run))
		v.Data.Whole[1] = max(v.Data.Whole[1], run.Result.Series.End())
	}
	for _, kind := range metric.Latencies() {
		without := slices.DeleteFunc(slices.Clone(v.Runs), func(r *Run) bool { return r.Has(kind) })
		if len(without) == len(runs) {
			continue
		}
		v.Kinds, v.Data.Kinds = append(v.Kinds, kind), append(v.Data.Kinds, [2]string{string(kind), kind.Label()})
		if len(without) == 0 {
			v.Common = cmp.Or(v.Common, kind)
		}
	}
	return templates.ExecuteTemplate(w, "page.tmpl", v)
}

// Several reports whether the page compares runs.
func (v *view) Several() bool { return len(v.Runs) > 1 }

// Any reports whether a section has something to say of any run.
func (v *view) Any(section string) bool {
	return slices.ContainsFunc(v.Runs, func(r *Run) bool {
		return map[string]bool{"unsent": r.Total("unsent") > 0, "slo": len(r.SLO) > 0 || r.SLODeferred != "", "limits": r.Judged()}[section]
	})
}

// Has reports whether the run has that kind of latency.
func (r *Run) Has(kind metric.Latency) bool { return slices.Contains(r.Kinds(), kind) }

// Judged reports whether there is a verdict of what limited the run.
func (r *Run) Judged() bool { return r.Verdict != nil && r.Plan.Producers > 0 }

// Total is the sum of metrics by their names.
func (r *Run) Total(names ...string) (sum float64) {
	for _, name := range names {
		sum += r.Value(metric.Find(name).ID)
	}
	return sum
}

// Text formats a metric by its name.
func (r *Run) Text(name string) string {
	d := metric.Find(name)
	return report.Value(d, r.Value(d.ID))
}

// Percentile formats a percentile of a latency.
func (r *Run) Percentile(kind metric.Latency, p metric.Statistic) string {
	d := r.Latency[kind]
	return report.Percentile(&d, p.P, p.Of(&d))
}

// columns are the percentiles of the tables, lines those of the plot over time.
var (
	columns = metric.Statistics()[1:] // without the mean
	lines   = metric.Statistics("p50", "p99", "p99.9", "max")
)
