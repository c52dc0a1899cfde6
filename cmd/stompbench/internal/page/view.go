package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// view is the data for the template.
type view struct {
	head
	Runs    []runView
	Several bool
	Tiles   []tile
	Unsent  []remark
	SLO     []row
	Limits  []limit
	Shares  []row
	Books   []row
	Columns []string
	Remarks []remark
	Latency []latencyTable
	Choices []choice // of what the plot of latencies shows
	Setup   []row
	// Kinds is the latency of a single run: a row for each percentile, a cell for each kind.
	Kinds []row
}

type runView struct {
	outcome
	Color               int
	Name, Subject, When string
}

type choice struct {
	Name, Default string
	Of            [][2]string // values and labels
}

// remark is a sentence about one or several runs.
type remark struct{ Names, Text string }

// limit is what limited a run.
type limit struct {
	Name, Limit, Why, Ceiling string
	Bad                       bool
}

// tile is one of the main numbers.
type tile struct {
	Label, Value, Unit, Note string
	Bad                      bool
}

// row is a value of each run.
type row struct {
	Label, Help string
	Color       int // of the run, in a table with a row for each run
	Cells       []cell
}

type cell struct {
	Text string
	Bad  bool
}

type latencyTable struct {
	Label, Help string
	Rows        []row
}

func viewOf(runs []Run) *view {
	v := &view{Several: len(runs) > 1, Books: books(runs), Setup: setup(runs), Shares: shares(runs)}
	data := plots{Spans: []shading{}}
	for i, run := range runs {
		r := run.Result
		v.Runs = append(v.Runs, runView{outcomeOf(r), i % colors, run.Name, r.Subject(), when(r.StartedAt)})
		v.addFindings(i, run)
		data.Runs = append(data.Runs, plotOf(run.Name, r))
		data.Whole[1] = max(data.Whole[1], endOf(r))
	}
	v.addLatencies(runs, &data)
	title := v.Runs[0].Subject
	if v.Several {
		title = fmt.Sprintf("%d runs compared", len(runs))
	} else {
		v.Tiles, data.Spans = tiles(runs[0].Result), append(data.Spans, spansOf(runs[0].Result)...)
	}
	v.head = headOf(title, "stompbench", data)
	return v
}

// colors is how many colours there are for runs.
const colors = 8

// addFindings adds what the sections on the SLO, the verdict and unsent messages say of a run.
func (v *view) addFindings(index int, run Run) {
	r := run.Result
	for _, text := range r.Remarks() { // each sentence once, with the runs that have it
		if i := slices.IndexFunc(v.Remarks, func(m remark) bool { return m.Text == text }); i >= 0 {
			v.Remarks[i].Names += ", " + run.Name
		} else {
			v.Remarks = append(v.Remarks, remark{run.Name, text})
		}
	}
	if n := r.Count(metric.Unsent); n > 0 {
		text := fmt.Sprintf("%s of %s messages that were due were never sent, %s of the plan. %s",
			report.Count(n), report.Count(n+r.Count(metric.Sent)), share(r.Value(metric.UnsentShare)), behind(r))
		for _, s := range stalls(r) {
			text += fmt.Sprintf(" Nothing moved from %s to %s.", elapsed(s[0]), elapsed(s[1]))
		}
		v.Unsent = append(v.Unsent, remark{run.Name, text})
	}
	for i := range r.SLO {
		c := &r.SLO[i]
		met := cell{"met", false}
		if !c.Met {
			met = cell{"not met", true}
		}
		v.SLO = append(v.SLO, row{Label: c.String(), Help: run.Name, Color: index % colors, Cells: []cell{met}})
	}
	if r.SLODeferred != "" {
		v.SLO = append(v.SLO, row{Label: r.SLODeferred, Help: run.Name, Color: index % colors, Cells: []cell{{Text: "for stompbench merge to judge"}}})
	}
	if j := r.Verdict; j != nil && r.Plan.Producers > 0 {
		l := limit{Name: run.Name, Limit: string(j.Limit), Why: j.Why, Bad: j.Invalid}
		if r.Ceiling != nil {
			l.Ceiling = r.Ceiling.String()
		}
		v.Limits = append(v.Limits, l)
	}
}

func tiles(r *results.Result) (all []tile) {
	if r.Plan.Producers > 0 {
		all = append(all, tile{Label: "sent", Value: report.PerSecond(r.Value(metric.SentPerS)), Unit: "/s", Note: report.Size(r.Value(metric.SentBytesPerS)) + "/s"})
	}
	if r.Plan.RatePerSec > 0 {
		n := r.Count(metric.Unsent)
		all = append(all, tile{Label: "due and never sent", Value: report.Count(n), Note: share(r.Value(metric.UnsentShare)) + " of the plan", Bad: n > 0})
	}
	if r.Plan.Consumers > 0 {
		all = append(all, tile{Label: "received", Value: report.PerSecond(r.Value(metric.ReceivedPerS)), Unit: "/s", Note: report.Size(r.Value(metric.ReceivedBytesPerS)) + "/s"})
		wrong := r.Sum(metric.Lost, metric.Duplicated, metric.Corrupt)
		all = append(all, tile{Label: "lost, duplicated, corrupt", Value: report.Count(wrong), Note: "of " + report.Count(r.Count(metric.Expected)), Bad: wrong > 0})
	}
	if kinds := r.Kinds(); len(kinds) > 0 {
		d := r.Latency[kinds[0]]
		value, unit, _ := strings.Cut(report.Duration(time.Duration(d.P99)), " ")
		all = append(all, tile{Label: "p99 " + kinds[0].Label(), Value: value, Unit: " " + unit, Note: "p50 " + report.Duration(time.Duration(d.P50))})
	}
	if r.Value(metric.CPUCores) > 0 {
		all = append(all, tile{Label: "CPU", Value: strconv.FormatFloat(r.Value(metric.CPUCores), 'f', 2, 64), Unit: " cores",
			Note: report.Duration(time.Duration(r.Value(metric.CPUPerMessage))) + " a message"})
	}
	return all
}

// each makes a row with a cell of f for each run.
func each(runs []Run, label, help string, f func(*results.Result) cell) row {
	out := row{Label: label, Help: help}
	for _, run := range runs {
		out.Cells = append(out.Cells, f(run.Result))
	}
	return out
}

// shares are the times and resources behind the verdicts.
func shares(runs []Run) (rows []row) {
	add := func(label, help string, of func(*results.Result) float64) {
		rows = append(rows, each(runs, label, help, func(r *results.Result) cell {
			if r.Verdict == nil {
				return cell{Text: "–"}
			}
			return cell{Text: share(of(r))}
		}))
	}
	add("waited for receipts", "of the producers' time: the window was full", func(r *results.Result) float64 { return r.Verdict.WindowShare })
	add("waited for the connection", "of the producers' time: it took nothing more", func(r *results.Result) float64 { return r.Verdict.SendShare })
	add("waited for the schedule", "of the producers' time: nothing was due", func(r *results.Result) float64 { return r.Verdict.PacerShare })
	add("made messages", "of the producers' time", func(r *results.Result) float64 { return r.Verdict.MakingShare })
	add("late", "of the messages due: by over 1 ms, or never sent", func(r *results.Result) float64 { return r.Verdict.LateShare })
	add("consumers' latency", "of the busiest connection's time: spent on --consumer-latency", func(r *results.Result) float64 { return r.Verdict.LingerShare })
	add("processors", "used by this process, of those that it may use", func(r *results.Result) float64 { return r.Verdict.ProcessShare })
	add("starved", "of the same: ready to run, and other programs had them", func(r *results.Result) float64 { return r.Verdict.StarvedShare })
	add("busiest thread", "of one processor", func(r *results.Result) float64 { return r.Verdict.ThreadShare })
	add("garbage collection", "of this process's CPU time", func(r *results.Result) float64 { return r.Verdict.GCShare })
	return rows
}

func books(runs []Run) (rows []row) {
	for _, d := range metric.In(metric.Totals) {
		rows = append(rows, each(runs, d.Label(), d.Help, func(r *results.Result) cell {
			n := r.Count(d.ID)
			return cell{report.Count(n), d.Has(metric.Fault) && n > 0}
		}))
	}
	rate := func(label string, of func(*results.Result) (float64, float64)) {
		rows = append(rows, each(runs, label, "average, over the seconds it took", func(r *results.Result) cell {
			perSecond, took := of(r)
			return cell{Text: fmt.Sprintf("%s for %s", report.PerSecond(perSecond), report.Duration(seconds(took)))}
		}))
	}
	rate("sent a second", func(r *results.Result) (float64, float64) { return r.Value(metric.SentPerS), r.Value(metric.Sending) })
	rate("received a second", func(r *results.Result) (float64, float64) {
		return r.Value(metric.ReceivedPerS), r.Value(metric.Receiving)
	})
	return rows
}

// addLatencies adds a table for each kind of latency, with a row for each run that has it.
func (v *view) addLatencies(runs []Run, data *plots) {
	looks := [][2]string{{"c0", ""}, {"c1", "dash"}, {"c2", "dots"}, {"c3", "mixed"}}
	kinds, most := choice{Name: "kind"}, 0
	v.Columns = []string{"samples"}
	for _, p := range metric.Percentiles {
		v.Columns = append(v.Columns, p.Name)
	}
	v.Columns = append(v.Columns, "max")
	for i, kind := range metric.Latencies() {
		table := latencyTable{Label: kind.Label(), Help: metric.Latency(kind).Help()}
		for i, run := range runs {
			if !slices.Contains(run.Result.Kinds(), kind) {
				continue
			}
			d := run.Result.Latency[kind]
			cells := []cell{{Text: report.Count(d.Count)}}
			for _, p := range metric.Percentiles {
				cells = append(cells, cell{Text: report.Percentile(&d, p.P, p.Of(&d))})
			}
			table.Rows = append(table.Rows, row{Label: run.Name, Color: i % colors, Cells: append(cells, cell{Text: report.Percentile(&d, 100, d.Max)})})
		}
		if len(table.Rows) == 0 {
			continue
		}
		v.Latency = append(v.Latency, table)
		if len(table.Rows) > most {
			kinds.Default, most = string(kind), len(table.Rows)
		}
		kinds.Of = append(kinds.Of, [2]string{string(kind), table.Label})
		data.Kinds = append(data.Kinds, [4]string{string(kind), table.Label, looks[i%4][0], looks[i%4][1]})
	}
	v.Choices = append(v.Choices, kinds)
	if v.Several {
		v.Choices = append(v.Choices, choice{"percentile", "p99", [][2]string{{"p50", "p50"}, {"p99", "p99"}, {"p99_9", "p99.9"}, {"max", "max"}}})
	}
	for i, label := range v.Columns {
		if v.Several || len(v.Latency) == 0 {
			break
		}
		r := row{Label: label}
		for _, table := range v.Latency {
			r.Cells = append(r.Cells, table.Rows[0].Cells[i])
		}
		v.Kinds = append(v.Kinds, r)
	}
}

func setup(runs []Run) (rows []row) {
	text := func(label string, of func(*results.Result) string) {
		rows = append(rows, each(runs, label, "", func(r *results.Result) cell { return cell{Text: of(r)} }))
	}
	text("broker", func(r *results.Result) string { return strings.TrimSpace(r.Broker.Server + " " + r.Broker.URI) })
	text("STOMP", func(r *results.Result) string { return r.Broker.STOMP })
	text("started", func(r *results.Result) string { return when(r.StartedAt) })
	text("producers", func(r *results.Result) string { return strconv.Itoa(r.Plan.Producers) + " to " + r.Plan.PublishTo })
	text("consumers", func(r *results.Result) string {
		return fmt.Sprintf("%d of %s, %s, ack %s", r.Plan.Consumers, r.Plan.ConsumeFrom, r.Plan.Delivery, r.Plan.Ack)
	})
	text("rate", func(r *results.Result) string {
		if r.Plan.RatePerSec == 0 {
			return "flat out"
		}
		return report.PerSecond(r.Plan.RatePerSec) + "/s in all: " + r.Plan.RateProfile
	})
	text("receipts", func(r *results.Result) string {
		if r.Plan.Window == 0 {
			return "none"
		}
		return fmt.Sprintf("in a window of %s", report.Count(uint64(r.Plan.Window)))
	})
	text("body", func(r *results.Result) string { return report.Size(float64(r.Plan.SizeBytes)) })
	text("machine", func(r *results.Result) string {
		var all []string
		for _, m := range r.Machines {
			all = append(all, fmt.Sprintf("%s: %d × %s, %s, %s/%s %s, %s", m.Host, m.CPUs, m.CPU, report.Size(float64(m.Memory)), m.OS, m.Arch, m.Kernel, m.Go))
		}
		return strings.Join(all, "; ")
	})
	text("stompbench", func(r *results.Result) string { return r.Version })
	text("seed", func(r *results.Result) string { return strconv.FormatUint(r.Plan.Seed, 10) })
	return rows
}
