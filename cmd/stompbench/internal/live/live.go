// Package live displays a running run: a table with a line a second, and on a terminal a status line
// under it that is overwritten.
//
// A terminal that is too narrow for the table loses whole columns, the least important first, and
// never digits. Its width may change during the run. Anything else than a terminal gets all columns.
//
// Imports: the load, workload, histo, metric and report packages of stompbench.
package live

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// View displays a run. It is for one goroutine.
type View struct {
	*Table[*load.Sample]
	plan *workload.Plan
}

// New returns a view of a run of the plan.
func New(w io.Writer, p *workload.Plan, opts Options) *View {
	return &View{NewTable(w, opts, columns(p)), p}
}

func columns(p *workload.Plan) []Column[*load.Sample] {
	rate := func(of metric.ID) func(*load.Sample) string {
		return func(s *load.Sample) string { return Number(uint64(float64(s.Counts[of])/s.Interval.Seconds() + 0.5)) }
	}
	confirmed := rate(metric.Confirmed)
	if p.Window == 0 {
		confirmed = func(*load.Sample) string { return "-" }
	}
	return []Column[*load.Sample]{
		{"", "time", 8, 0, func(s *load.Sample) string { return Elapsed(s.Elapsed) }},
		{"", "sent/s", 9, 1, rate(metric.Sent)},
		{"", "confirm/s", 9, 5, confirmed},
		{"", "recv/s", 9, 2, rate(metric.Received)},
		{"", "backlog", 9, 6, func(s *load.Sample) string { return Number(s.Backlog) }},
		{"from send", "p50", 8, 9, percentile(metric.FromSend, 50)},
		{"from send", "p99", 8, 8, percentile(metric.FromSend, 99)},
		{"from send", "max", 8, 10, percentile(metric.FromSend, 100)},
		{"from due", "p50", 8, 7, percentile(metric.FromDue, 50)},
		{"from due", "p99", 8, 3, percentile(metric.FromDue, 99)},
		{"from due", "max", 8, 4, percentile(metric.FromDue, 100)},
	}
}

// Starting shows how far the start has come: in place on a terminal, otherwise in a line each time.
func (v *View) Starting(done fmt.Stringer) {
	line := fmt.Sprintf("  %-10s  %s", "starting", done)
	if !v.opts.Terminal {
		v.write(line + "\n")
	} else if width := utf8.RuneCountInString(line); width <= v.opts.width() {
		v.Status(line, width)
	}
}

// shortest is the shortest interval that gets a row: rates over shorter ones mislead.
const shortest = 100 * time.Millisecond

// Show writes the row of a sample.
func (v *View) Show(s *load.Sample) {
	if s.Interval < shortest {
		return
	}
	v.Row(s)
	if v.opts.Terminal && s.Sending {
		v.Status(v.bar(s))
	}
}

// Elapsed writes the time of a row.
func Elapsed(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Number writes a number in at most 9 characters.
func Number(n uint64) string {
	switch {
	case n < 1e7:
		return report.Count(n)
	case n < 1e10:
		return fmt.Sprintf("%.1fM", float64(n)/1e6)
	}
	return fmt.Sprintf("%.3gG", float64(n)/1e9)
}

// percentile returns the cells of a percentile. Its samples are joined over several rows until there
// are enough to tell it; "-" stands in the rows until then.
func percentile(of metric.Latency, p float64) func(*load.Sample) string {
	joins := p > 50 && p < 100
	var joined *histo.Histogram
	if joins {
		joined = histo.New()
	}
	return func(s *load.Sample) string {
		h := s.Latencies[of]
		if joins {
			joined.Merge(h)
			h = joined
		}
		if h.Count() == 0 || joins && !metric.Tells(h.Count(), p) {
			return "-"
		}
		text := report.AtLeast(metric.AtLeast(h.Count(), h.Censored, p), report.Duration(h.Percentile(p)))
		if joins {
			joined.Reset()
		}
		return strings.ReplaceAll(text, " ", "")
	}
}

// The widths of a bar.
const (
	narrowBar = 5
	wideBar   = 40
)

// bar returns the progress bar with as much of its text as fits, and the width of both.
func (v *View) bar(s *load.Sample) (line string, width int) {
	done, parts := v.progress(s)
	room := v.opts.width()
	text := fmt.Sprintf(" %3.0f %%", 100*done)
	if len(text) > room {
		return "", 0
	}
	for _, part := range parts {
		if longer := text + "  " + part; len(longer)+2+narrowBar <= room {
			text = longer
		}
	}
	bar := min(wideBar, room-len(text)-2)
	if bar < narrowBar {
		return text, len(text)
	}
	full := int(done*float64(bar) + 0.5)
	line = strings.Repeat("█", full)
	if v.opts.Color {
		line = "\x1b[36m" + line + "\x1b[0m"
	}
	return "  " + line + strings.Repeat("░", bar-full) + text, 2 + bar + len(text)
}

// progress returns the finished share of the run, from 0 to 1, and what it is a share of: its
// duration and its count, whichever is closer to the end.
func (v *View) progress(s *load.Sample) (done float64, parts []string) {
	p := v.plan
	if p.Duration > 0 {
		whole := p.Warmup + p.Duration
		done = float64(s.Elapsed) / float64(whole)
		parts = append(parts, fmt.Sprintf("%.0fs of %s", s.Elapsed.Seconds(), report.Elapsed(whole)))
	}
	if p.Count > 0 {
		done = max(done, float64(s.TotalSent)/float64(p.Count))
		parts = append(parts, fmt.Sprintf("%s of %s messages", report.Count(s.TotalSent), report.Count(p.Count)))
	}
	return min(done, 1), parts
}
