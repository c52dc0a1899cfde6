package live

import (
	"fmt"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// barWidth is the widest bar; a narrow terminal gets a shorter one.
const barWidth = 40

// progress returns the bar and its text, without a line end.
func (v *View) progress(s *load.Sample) string {
	done := v.done(s)
	text := fmt.Sprintf(" %3.0f %%  %s", 100*done, v.of(s))
	width := barWidth
	if v.opts.Width != nil {
		width = min(barWidth, v.opts.Width()-len(text)-6)
	}
	if width < 5 {
		return v.fit(text)
	}
	full := int(done*float64(width) + 0.5)
	bar, rest := strings.Repeat("█", full), strings.Repeat("░", width-full)
	if v.opts.Color {
		bar = "\x1b[36m" + bar + "\x1b[0m"
	}
	return "  " + bar + rest + text
}

// done returns the finished share of the run, from 0 to 1: of its duration or of its count,
// whichever is closer to the end.
func (v *View) done(s *load.Sample) float64 {
	var done float64
	if v.plan.Duration > 0 {
		done = float64(s.Elapsed) / float64(v.plan.Warmup+v.plan.Duration)
	}
	if v.plan.Count > 0 {
		done = max(done, float64(s.TotalSent)/float64(v.plan.Count))
	}
	return min(done, 1)
}

func (v *View) of(s *load.Sample) string {
	var parts []string
	if v.plan.Duration > 0 {
		parts = append(parts, fmt.Sprintf("%.0fs of %s", s.Elapsed.Seconds(), report.Elapsed(v.plan.Warmup+v.plan.Duration)))
	}
	if v.plan.Count > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s messages", report.Count(s.TotalSent), report.Count(v.plan.Count)))
	}
	return strings.Join(parts, ", ")
}
