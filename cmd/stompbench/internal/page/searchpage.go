package page

import (
	_ "embed" // the parts of the page
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

//go:embed search.tmpl
var searchText string

//go:embed search.css
var searchStyle string

var searchTemplate = template.Must(template.New("search").Parse(searchText))

// searchView is the data for the template of a search.
type searchView struct {
	*Search
	Style, StyleHash any
	Title            string
	Text             []string
	When             string
	Setup            []row
	Rates            []rateView
	StepViews        []stepView
	Curve            *knee // nil if there is nothing to draw
	Latency          string
}

type rateView struct {
	Rate, Tries, Verdict string
	Bad                  bool
	P99, Sent            string
}

type stepView struct {
	Number                     int
	Phase, Rate, Sent, Verdict string
	Bad                        bool
	P50, P99, Max              string
	Rules                      []find.Rule
	Limit                      string
}

// WriteSearch writes the page of a search. Unlike the page of a run it needs no script.
func WriteSearch(w io.Writer, s *Search) error {
	style := styleText + searchStyle
	v := searchView{
		Search: s, Style: template.CSS(style), StyleHash: hash(style), Title: s.Headline(),
		Text: append(s.warnings(), s.grounds()...), When: when(s.StartedAt), Setup: searchSetup(s), Curve: kneeOf(s), Latency: latencyOf(s),
	}
	for _, r := range s.Rates {
		v.Rates = append(v.Rates, rateViewOf(s, &r))
	}
	for i := range s.Steps {
		v.StepViews = append(v.StepViews, stepViewOf(i, &s.Steps[i]))
	}
	return searchTemplate.Execute(w, v)
}

// latencyOf names the latency that the steps measured.
func latencyOf(s *Search) string {
	for i := range s.Steps {
		if s.Steps[i].Of == "confirm" {
			return "to receipt"
		}
	}
	return "from due"
}

func rateViewOf(s *Search, r *find.Rate) rateView {
	var p99, sent []float64
	for i := range s.Steps {
		if st := &s.Steps[i]; st.Rate == r.Rate {
			p99, sent = append(p99, float64(st.P99)), append(sent, st.SentPerSecond)
		}
	}
	tried := fmt.Sprintf("passed %d, failed %d", r.Passed, r.Failed)
	if r.Generator > 0 {
		tried += fmt.Sprintf(", void %d", r.Generator)
	}
	return rateView{
		Rate: report.PerSecond(r.Rate), Tries: tried, Verdict: string(r.Verdict), Bad: r.Verdict == find.Failed,
		P99:  span(p99, func(ns float64) string { return report.Duration(time.Duration(ns)) }),
		Sent: span(sent, report.PerSecond),
	}
}

// span formats the range of values.
func span(values []float64, write func(float64) string) string {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if write(low) == write(high) {
		return write(low)
	}
	return write(low) + " – " + write(high)
}

func stepViewOf(i int, s *find.Step) stepView {
	latency := func(ns int64) string {
		if ns == 0 {
			return "–"
		}
		return report.Duration(time.Duration(ns))
	}
	return stepView{
		Number: i + 1, Phase: string(s.Phase), Rate: report.PerSecond(s.Rate), Sent: report.PerSecond(s.SentPerSecond),
		Verdict: string(s.Verdict()), Bad: s.Verdict() == find.Failed,
		P50: latency(s.P50), P99: latency(s.P99), Max: latency(s.Max),
		Rules: s.Rules, Limit: s.LimitedBy + ": " + s.Why,
	}
}

func searchSetup(s *Search) (rows []row) {
	text := func(label, format string, args ...any) {
		rows = append(rows, row{Label: label, Cells: []cell{{Text: fmt.Sprintf(format, args...)}}})
	}
	where := s.Broker
	if s.Embedded {
		where = "embedded in the process of stompbench, at " + strings.TrimPrefix(where, "stomp://")
	}
	text("broker", "%s", where)
	text("SLO", "%s", s.SLO)
	text("steps", "%s each, after %s of warm-up", report.Elapsed(seconds(s.DwellSec)), report.Elapsed(seconds(s.Plan.WarmupSec)))
	text("gap", "%.3g %%, and %d more tries of either side", 100*s.Within, s.Repeats)
	text("producers", "%d to %s", s.Plan.Producers, s.Plan.PublishTo)
	text("consumers", "%d of %s, %s, ack %s", s.Plan.Consumers, s.Plan.ConsumeFrom, s.Plan.Delivery, s.Plan.Ack)
	text("receipts", "in a window of %s", report.Count(uint64(s.Plan.Window)))
	text("body", "%s", report.Size(float64(s.Plan.SizeBytes)))
	text("started", "%s", when(s.StartedAt))
	text("stompbench", "%s", s.Version)
	text("exit code", "%d", s.ExitCode)
	return rows
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
