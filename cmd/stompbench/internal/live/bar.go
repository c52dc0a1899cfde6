package live

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// The widths of a bar.
const (
	narrowBar = 5
	wideBar   = 40
)

// bar returns the progress bar with as much of its text as fits, and the width of both.
func (v *View) bar(s *load.Sample) (line string, width int) {
	done, parts := v.progress(s)
	room := v.table.opts.width()
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
	if v.table.opts.Color {
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
