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
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// view is the data for the template.
type view struct {
	Style, StyleHash   any
	Script, ScriptHash any

	Title   string
	Runs    []runView
	Several bool
	Tiles   []tile
	Books   []row
	Columns []string
	Remarks []remark
	Latency []latencyTable
	Setup   []row
	Data    plots
	// Kinds is the latency of a single run: a row for each percentile, a cell for
	// each kind.
	Kinds []row
}

type runView struct {
	Color         int
	Name, Subject string
	When          string
	Verdict       string
	Mood          string // of the verdict: good, bad or plain
	Partial       string // why the run is partial; "" if it is not
}

// remark is a sentence about one or several runs.
type remark struct{ Names, Text string }

// remarks returns each sentence once, with the runs that have it.
func remarks(runs []Run) (all []remark) {
	for _, run := range runs {
		for _, text := range run.Result.Remarks() {
			i := slices.IndexFunc(all, func(r remark) bool { return r.Text == text })
			if i < 0 {
				all = append(all, remark{run.Name, text})
				continue
			}
			all[i].Names += ", " + run.Name
		}
	}
	return all
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
	v := &view{Several: len(runs) > 1, Columns: columns}
	for i, r := range runs {
		v.Runs = append(v.Runs, runViewOf(i, r))
		v.Data.Runs = append(v.Data.Runs, plot(r.Name, r.Result))
	}
	v.Title = v.Runs[0].Subject
	if v.Several {
		v.Title = fmt.Sprintf("%d runs compared", len(runs))
	} else {
		v.Tiles = tiles(runs[0].Result)
	}
	v.Books, v.Setup = books(runs), setup(runs)
	v.Latency = latencyTables(runs)
	if !v.Several {
		v.Kinds = byColumn(v.Latency)
	}
	v.Remarks = remarks(runs)
	return v
}

// color returns the number of a run's colour: there are eight.
func color(index int) int { return index % 8 }

func runViewOf(index int, run Run) runView {
	r := run.Result
	text, mood := r.Balance()
	out := runView{
		Color: color(index), Name: run.Name, Subject: r.Subject(), When: when(r.StartedAt),
		Verdict: text, Mood: map[report.Mood]string{report.Good: "good", report.Bad: "bad"}[mood],
	}
	if r.Partial {
		out.Partial = "interrupted"
		if r.Failure != "" {
			out.Partial = r.Failure
		}
	}
	return out
}

func tiles(r *results.Result) (all []tile) {
	if r.Plan.Producers > 0 {
		all = append(all, tile{Label: "sent", Value: report.PerSecond(r.Value(metric.SentPerS)), Unit: "/s", Note: report.Size(r.Value(metric.SentBytesPerS)) + "/s"})
	}
	if r.Plan.Consumers > 0 {
		all = append(all, tile{Label: "received", Value: report.PerSecond(r.Value(metric.ReceivedPerS)), Unit: "/s", Note: report.Size(r.Value(metric.ReceivedBytesPerS)) + "/s"})
		wrong := r.Count(metric.Lost) + r.Count(metric.Duplicated) + r.Count(metric.Corrupt)
		all = append(all, tile{Label: "lost, duplicated, corrupt", Value: report.Count(wrong), Note: "of " + report.Count(r.Count(metric.Expected)), Bad: wrong > 0})
	}
	if kinds := r.Kinds(); len(kinds) > 0 {
		d := distribution(r, kinds[0])
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

func books(runs []Run) (rows []row) {
	for _, d := range metric.In(metric.Totals) {
		rows = append(rows, each(runs, d.Label(), d.Help, func(r *results.Result) cell {
			n := r.Count(d.ID)
			return cell{report.Count(n), d.Has(metric.Fault) && n > 0}
		}))
	}
	rate := func(label string, of func(*results.Result) (float64, float64)) {
		rows = append(rows, each(runs, label, "average, over the seconds it took", func(r *results.Result) cell {
			perSecond, seconds := of(r)
			return cell{Text: fmt.Sprintf("%s for %s", report.PerSecond(perSecond), report.Duration(time.Duration(seconds*1e9)))}
		}))
	}
	rate("sent a second", func(r *results.Result) (float64, float64) { return r.Value(metric.SentPerS), r.Value(metric.Sending) })
	rate("received a second", func(r *results.Result) (float64, float64) {
		return r.Value(metric.ReceivedPerS), r.Value(metric.Receiving)
	})
	return rows
}

// helps explain the kinds of latency.
var helps = map[series.Kind]string{
	series.FromDue:   "to arrival, from when the plan wanted the message sent: a stall shows in all that it held up",
	series.FromSend:  "to arrival, from when the message was handed to the connection",
	series.Confirm:   "to the broker's receipt, from when the message was handed to the connection",
	series.SendDelay: "how late the message was handed to the connection",
}

// columns of a table of latencies.
var columns = []string{"samples", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max"}

// latencies returns the cells of a run's row in that table, nil if nothing was
// measured.
func latencies(r *results.Result, kind series.Kind) (cells []cell) {
	d := distribution(r, kind)
	if d == nil {
		return nil
	}
	cells = append(cells, cell{Text: report.Count(d.Count)})
	for _, p := range []struct {
		percentile float64
		ns         int64
	}{{50, d.P50}, {90, d.P90}, {95, d.P95}, {99, d.P99}, {99.9, d.P999}, {99.99, d.P9999}} {
		text := "–" // fewer than ten samples are above it: the next run would have another value
		if float64(d.Count)*(100-p.percentile)/100 >= 10-1e-9 {
			text = report.Duration(time.Duration(p.ns))
		}
		cells = append(cells, cell{Text: text})
	}
	return append(cells, cell{Text: report.Duration(time.Duration(d.Max))})
}

// latencyTables returns a table for each kind, with a row for each run that has it.
func latencyTables(runs []Run) (tables []latencyTable) {
	for _, kind := range series.Kinds() {
		table := latencyTable{Label: kind.Label(), Help: helps[kind]}
		for i, run := range runs {
			if cells := latencies(run.Result, kind); cells != nil {
				table.Rows = append(table.Rows, row{Label: run.Name, Color: color(i), Cells: cells})
			}
		}
		if len(table.Rows) > 0 {
			tables = append(tables, table)
		}
	}
	return tables
}

// byColumn returns the tables of a single run as one: a row for each column, a
// cell for each kind.
func byColumn(tables []latencyTable) (rows []row) {
	if len(tables) == 0 {
		return nil
	}
	for i, label := range columns {
		r := row{Label: label}
		for _, table := range tables {
			r.Cells = append(r.Cells, table.Rows[0].Cells[i])
		}
		rows = append(rows, r)
	}
	return rows
}

// distribution returns the report's distribution of a kind, nil if nothing was measured.
func distribution(r *results.Result, kind series.Kind) *report.Distribution {
	if _, ok := r.Histograms[kind]; !ok {
		return nil
	}
	d := r.Latency[kind]
	return &d
}

func setup(runs []Run) (rows []row) {
	text := func(label string, of func(*results.Result) string) {
		rows = append(rows, each(runs, label, "", func(r *results.Result) cell { return cell{Text: of(r)} }))
	}
	text("broker", func(r *results.Result) string { return strings.TrimSpace(r.Broker.Server + " " + r.Broker.URI) })
	text("STOMP", func(r *results.Result) string { return r.Broker.STOMP })
	text("started", func(r *results.Result) string { return when(r.StartedAt) })
	text("producers", func(r *results.Result) string {
		return strconv.Itoa(r.Plan.Producers) + " to " + r.Plan.PublishTo
	})
	text("consumers", func(r *results.Result) string {
		return fmt.Sprintf("%d of %s, %s, ack %s", r.Plan.Consumers, r.Plan.ConsumeFrom, r.Plan.Delivery, r.Plan.Ack)
	})
	text("rate", func(r *results.Result) string {
		if r.Plan.RatePerSec == 0 {
			return "flat out"
		}
		return report.PerSecond(r.Plan.RatePerSec) + "/s in all"
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
	text("exit code", func(r *results.Result) string { return strconv.Itoa(r.ExitCode) })
	return rows
}
