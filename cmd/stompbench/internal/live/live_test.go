package live_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

func sample(second int, sending bool) *load.Sample {
	h := histo.New()
	for range 2000 {
		h.Record(int64(1500 * time.Microsecond))
	}
	return &load.Sample{
		Elapsed: time.Duration(second) * time.Second, Interval: time.Second,
		Sent: 1_234_567, Confirmed: 1_234_000, Received: 1_233_000, TotalSent: 1_234_567 * uint64(second),
		Backlog: 1567, FromSend: h, FromDue: h, Sending: sending,
	}
}

func show(p *workload.Plan, opts live.Options, samples ...*load.Sample) string {
	var out strings.Builder
	v := live.New(&out, p, opts)
	for _, s := range samples {
		v.Show(s)
	}
	v.Close()
	return out.String()
}

func TestPlainLines(t *testing.T) {
	p := &workload.Plan{Duration: 10 * time.Second, Window: 1000}
	out := show(p, live.Options{}, sample(1, true), sample(2, true))
	lines := strings.Split(out, "\n")
	want := "    1.0s 1,234,567 1,234,000 1,233,000     1,567   1.50ms   1.50ms   1.50ms   1.50ms   1.50ms   1.50ms"
	if len(lines) != 5 || lines[2] != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if len(lines[1]) != len([]rune(lines[2])) {
		t.Errorf("the head is %d wide and the line %d:\n%s", len(lines[1]), len(lines[2]), out)
	}
	if strings.ContainsAny(out, "\r\x1b") {
		t.Errorf("not plain: %q", out)
	}
}

func TestNothingToTell(t *testing.T) {
	s := &load.Sample{Elapsed: time.Second, Interval: time.Second, FromSend: histo.New(), FromDue: histo.New()}
	out := show(&workload.Plan{Count: 5}, live.Options{}, s)
	if strings.Count(out, " - ") < 5 || strings.Contains(out, "NaN") {
		t.Error(out)
	}
}

// On a terminal the bar stands in the last line and is gone in the end.
func TestBar(t *testing.T) {
	p := &workload.Plan{Duration: time.Minute, Count: 10_000_000}
	opts := live.Options{Terminal: true, Width: func() int { return 120 }}
	out := show(p, opts, sample(1, true), sample(4, true), sample(60, false))
	for _, want := range []string{"█████░", " 12 %  1s of 1m, 1,234,567 of 10,000,000 messages\r\x1b[K", " 49 %"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %q", want, out)
		}
	}
	if strings.Contains(out, "\x1b[3") {
		t.Error("colour was not asked for")
	}
	if !strings.HasSuffix(out, "\n") {
		t.Errorf("the bar stayed: %q", out)
	}
	opts.Color = true
	if out := show(p, opts, sample(1, true)); !strings.Contains(out, "\x1b[36m") {
		t.Errorf("no colour: %q", out)
	}
}

func TestNarrowTerminal(t *testing.T) {
	for _, width := range []int{1, 10, 40, 80} {
		out := show(&workload.Plan{Duration: time.Minute}, live.Options{Terminal: true, Width: func() int { return width }}, sample(1, true))
		for line := range strings.Lines(out) {
			line = strings.TrimRight(strings.ReplaceAll(line, "\r\x1b[K", ""), "\n")
			if n := len([]rune(line)); n >= width {
				t.Errorf("width %d: a line of %d: %q", width, n, line)
			}
		}
	}
}

// BenchmarkShow is what the display of a second costs: nanoseconds of every 10^9.
func BenchmarkShow(b *testing.B) {
	s := sample(1, true)
	for i := range 1_000_000 {
		s.FromSend.Record(int64(i) * 1013) // a second's messages, up to a second late
	}
	v := live.New(io.Discard, &workload.Plan{Duration: time.Minute}, live.Options{Terminal: true, Color: true, Width: func() int { return 120 }})
	for b.Loop() {
		v.Show(s)
	}
}
