package page

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// searchView is the data for the template of a search.
type searchView struct {
	head
	Outcome       outcome
	Text          []string
	When, Latency string
	Setup         []row
	RateRows      []row
	StepRows      []stepRow
}

type stepRow struct {
	row
	Rules []find.Rule
	Limit string
}

// line is a line of the plot of a search, or its points: of steps, the rate and the p99 in microseconds.
type line struct {
	Label string    `json:"label"`
	Color string    `json:"color"`
	Look  string    `json:"look"`
	X     []float64 `json:"x"`
	Y     []float64 `json:"y"`
}

// WriteSearch writes the page of a search.
func WriteSearch(w io.Writer, s *Search) error {
	v := searchView{
		head: headOf(s.Headline(), SearchTool, kneeOf(s)), Outcome: wordsOf(s.ExitCode), When: when(s.StartedAt), Setup: searchSetup(s),
		Text: s.grounds(), Latency: "from due",
	}
	v.Outcome.Why = s.warnings()
	for i := range s.Rates {
		v.RateRows = append(v.RateRows, rateRow(s, &s.Rates[i]))
	}
	for i := range s.Steps {
		if s.Steps[i].Of == "confirm" {
			v.Latency = "to receipt"
		}
		v.StepRows = append(v.StepRows, stepRowOf(i, &s.Steps[i]))
	}
	return searchTemplate.Execute(w, v)
}

// kneeOf returns the plot of a search. Repeats of a rate are side by side.
func kneeOf(s *Search) (p plots) {
	p.Knee = []line{
		{Label: "the middle of each rate", Color: "c7"},
		{Label: "passed", Color: "good", Look: "full"},
		{Label: "failed", Color: "bad", Look: "open"},
		{Label: "failed by the generator: says nothing of the broker", Color: "c7", Look: "open"},
		{Label: "at an undecided rate", Color: "c4", Look: "ring"},
	}
	for _, rate := range s.Rates {
		steps := slices.DeleteFunc(s.stepsAt(rate.Rate), func(st *find.Step) bool { return st.P99 <= 0 })
		slices.SortFunc(steps, func(a, b *find.Step) int { return cmp.Compare(a.P99, b.P99) })
		for i, st := range steps {
			is := []bool{i == len(steps)/2, st.Verdict() == find.Passed, st.Verdict() == find.Failed, st.Verdict() == find.Generator, rate.Verdict == find.Undecided}
			us := short(float64(st.P99) / 1000)
			for k := range p.Knee {
				if l := &p.Knee[k]; is[k] {
					l.X, l.Y = append(l.X, rate.Rate*(1+0.015*(float64(i)-float64(len(steps)-1)/2))), append(l.Y, us)
				}
			}
		}
	}
	p.Knee = slices.DeleteFunc(p.Knee, func(l line) bool { return len(l.X) == 0 })
	if len(p.Knee) > 0 {
		x := p.Knee[0].X
		low, high := slices.Min(x)/1.1, slices.Max(x)*1.1
		p.Whole = [2]float64{low, high}
		if k := &s.Knee; k.Low > 0 || k.High > 0 {
			if k.Low > 0 {
				low = k.Low
			}
			if k.High > 0 {
				high = k.High
			}
			p.Spans = []shading{{low, high, "the knee", "knee"}}
		}
	}
	return p
}

func (s *Search) stepsAt(rate float64) (all []*find.Step) {
	for i := range s.Steps {
		if s.Steps[i].Rate == rate {
			all = append(all, &s.Steps[i])
		}
	}
	return all
}

func rateRow(s *Search, r *find.Rate) row {
	var p99, sent []float64
	for _, st := range s.stepsAt(r.Rate) {
		p99, sent = append(p99, float64(st.P99)), append(sent, st.SentPerSecond)
	}
	tried := fmt.Sprintf("passed %d, failed %d", r.Passed, r.Failed)
	if r.Generator > 0 {
		tried += fmt.Sprintf(", void %d", r.Generator)
	}
	return row{Label: report.PerSecond(r.Rate), Cells: []cell{
		{Text: tried}, {string(r.Verdict), r.Verdict == find.Failed}, {Text: span(sent, report.PerSecond)}, {Text: span(p99, latency)},
	}}
}

// latency formats nanoseconds, of which 0 is none.
func latency(ns float64) string {
	if ns == 0 {
		return "–"
	}
	return report.Duration(time.Duration(ns))
}

// span formats the range of values.
func span(values []float64, write func(float64) string) string {
	low, high := write(slices.Min(values)), write(slices.Max(values))
	if low == high {
		return low
	}
	return low + " – " + high
}

func stepRowOf(i int, s *find.Step) stepRow {
	return stepRow{
		row: row{Label: fmt.Sprintf("%d %s", i+1, s.Phase), Cells: []cell{
			{Text: report.PerSecond(s.Rate)}, {string(s.Verdict()), s.Verdict() == find.Failed}, {Text: report.PerSecond(s.SentPerSecond)},
			{Text: latency(float64(s.P50))}, {Text: latency(float64(s.P99))}, {Text: latency(float64(s.Max))},
		}},
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
	return rows
}
