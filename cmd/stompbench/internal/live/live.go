package live

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Options describe the output.
type Options struct {
	Terminal bool       // lines can be overwritten
	Width    func() int // of the terminal; nil for unknown
	Color    bool
}

// View writes the table. It is for one goroutine.
type View struct {
	w     io.Writer
	plan  *workload.Plan
	opts  Options
	lines int
	bar   bool // the last line is a bar
}

// New returns a view of a run of the plan.
func New(w io.Writer, p *workload.Plan, opts Options) *View {
	return &View{w: w, plan: p, opts: opts}
}

// headerEvery is after how many lines the head of the table is repeated.
const headerEvery = 20

const (
	head1 = "                                                    from send                   from due"
	head2 = "    time    sent/s confirm/s    recv/s   backlog      p50      p99      max      p50      p99      max"
)

// shortest is the shortest interval that gets a line: rates over shorter ones mislead.
const shortest = 100 * time.Millisecond

// Show writes the line of a sample.
func (v *View) Show(s *load.Sample) {
	if s.Interval < shortest {
		return
	}
	var b strings.Builder
	v.eraseBar(&b)
	if v.lines%headerEvery == 0 {
		b.WriteString(v.fit(head1) + "\n" + v.fit(head2) + "\n")
	}
	v.lines++
	b.WriteString(v.fit(v.row(s)) + "\n")
	if v.opts.Terminal && s.Sending {
		b.WriteString(v.progress(s))
		v.bar = true
	}
	_, _ = io.WriteString(v.w, b.String()) // an error of the display is not reported
}

// Close removes the bar.
func (v *View) Close() {
	var b strings.Builder
	v.eraseBar(&b)
	_, _ = io.WriteString(v.w, b.String())
}

func (v *View) eraseBar(b *strings.Builder) {
	if v.bar {
		b.WriteString("\r\x1b[K")
		v.bar = false
	}
}

func (v *View) row(s *load.Sample) string {
	confirmed := "-"
	if v.plan.Window > 0 {
		confirmed = perSecond(s.Confirmed, s.Interval)
	}
	return fmt.Sprintf("%8s %9s %9s %9s %9s %s %s",
		elapsed(s.Elapsed), perSecond(s.Sent, s.Interval), confirmed, perSecond(s.Received, s.Interval),
		report.Count(s.Backlog), latencies(s.FromSend), latencies(s.FromDue))
}

func elapsed(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func perSecond(n uint64, d time.Duration) string {
	if d < time.Millisecond {
		return "-"
	}
	return report.Count(uint64(float64(n)/d.Seconds() + 0.5))
}

func latencies(h *histo.Histogram) string {
	if h.Count() == 0 {
		return fmt.Sprintf("%8s %8s %8s", "-", "-", "-")
	}
	p99 := "-"
	if h.Tells(99) {
		p99 = short(h.Percentile(99))
	}
	return fmt.Sprintf("%8s %8s %8s", short(h.Percentile(50)), p99, short(h.Max()))
}

func short(d time.Duration) string {
	return strings.Replace(report.Duration(d), " ", "", 1)
}

// fit cuts a line so that it does not wrap.
func (v *View) fit(line string) string {
	if !v.opts.Terminal || v.opts.Width == nil {
		return line
	}
	if width := v.opts.Width(); width > 0 && len([]rune(line)) >= width {
		return string([]rune(line)[:width-1])
	}
	return line
}
