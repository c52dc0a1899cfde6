package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"reflect"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

//go:embed *.tmpl *.css *.js uplot
var files embed.FS

var templates = template.Must(template.New("").Funcs(functions).ParseFS(files, "*.tmpl"))

// style and script are what a page consists of besides its template.
var (
	style  = read("uplot/uPlot.min.css", "style.css")
	script = "\"use strict\";\n" + read("uplot/uPlot.iife.min.js", "plot.js", "page.js")
)

func read(names ...string) (all string) {
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		all += string(text)
	}
	return all
}

// policy is the Content-Security-Policy. It has the hashes of style and script: the browser then runs
// and loads nothing else, whatever text a broker sends. The style elements of uPlot are set by its
// script, which the policy permits.
var policy = "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
	"style-src " + hash(style) + "; script-src " + hash(script)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// functions are those of the templates. Numbers may be of any type.
var functions = template.FuncMap{
	"style":   func() template.CSS { return template.CSS(style) },
	"script":  func() template.JS { return template.JS(script) },
	"policy":  func() string { return policy },
	"outcome": func(o slo.Outcome) string { return report.Outcome(&o) },

	"columns": func() []metric.Percentile { return columns },
	"lines":   func() []metric.Percentile { return lines },
	"totals":  func() []*metric.Def { return metric.In(metric.Totals) },
	"fault":   func() metric.Flags { return metric.Fault },
	"cores":   func(r *runView) float64 { return r.Value(metric.CPUCores) },
	"unsent":  unsent,
	"behind":  behind,
	"stalled": stalled,

	"inc":     func(i int) int { return i + 1 },
	"value":   value,
	"count":   func(n any) string { return report.Count(uint64(max(0, number(n)))) },
	"size":    func(n any) string { return report.Size(number(n)) },
	"rate":    report.PerSecond,
	"percent": report.Percent,
	"elapsed": elapsed,
	"latency": latency,
	"when":    func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 MST") },
}

func number(n any) float64 { return reflect.ValueOf(n).Convert(reflect.TypeFor[float64]()).Float() }

// value formats a metric of a run by its name.
func value(r *runView, name string) string {
	d := metric.Find(name)
	return report.Value(d, r.Value(d.ID))
}

func elapsed(s float64) string { return report.Elapsed(seconds(s).Round(100 * time.Millisecond)) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// latency formats nanoseconds, of which 0 is none.
func latency(ns int64) string {
	if ns == 0 {
		return "–"
	}
	return report.Duration(time.Duration(ns))
}

// columns are the percentiles of the tables, lines those of the plot over time.
var (
	columns = append(slices.Clone(metric.Percentiles), metric.Percentile{Name: "max", P: 100, Of: func(d *metric.Distribution) int64 { return d.Max }})
	lines   = slices.DeleteFunc(slices.Clone(columns), func(p metric.Percentile) bool {
		return !slices.Contains([]string{"p50", "p99", "p99.9", "max"}, p.Name)
	})
)
