package live_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

func sample(second int, sending bool) *load.Sample {
	h := histo.New()
	for range 2000 {
		h.Record(int64(1500 * time.Microsecond))
	}
	return &load.Sample{
		Elapsed: time.Duration(second) * time.Second, Interval: time.Second,
		Counts: metric.Counts{metric.Sent: 1_234_567, metric.Confirmed: 1_234_000, metric.Received: 1_233_000}, TotalSent: 1_234_567 * uint64(second),
		Backlog: 1567, Latencies: load.Latencies{metric.FromSend: h, metric.FromDue: h}, Sending: sending,
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
	s := &load.Sample{Elapsed: time.Second, Interval: time.Second,
		Latencies: load.Latencies{metric.FromSend: histo.New(), metric.FromDue: histo.New()},
	}
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
	for _, want := range []string{"█████░", " 12 %  1s of 1m  1,234,567 of 10,000,000 messages\r\x1b[K", " 49 %"} {
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

// A terminal that is too narrow loses whole columns, and what it shows has all its digits.
func TestNarrowTerminalsLoseWholeColumns(t *testing.T) {
	for width, want := range map[int]string{
		200: `                                                                  from send                   from due
    time    sent/s confirm/s    recv/s   backlog      p50      p99      max      p50      p99      max
    9.0s 1,234,567 1,234,000 1,233,000     1,567   1.50ms   1.50ms   1.50ms    105ms    105ms    105ms
`,
		100: `                                                         from send                   from due
    time    sent/s confirm/s    recv/s   backlog      p50      p99      p50      p99      max
    9.0s 1,234,567 1,234,000 1,233,000     1,567   1.50ms   1.50ms    105ms    105ms    105ms
`,
		80: `                                                                   from due
    time    sent/s confirm/s    recv/s   backlog      p50      p99      max
    9.0s 1,234,567 1,234,000 1,233,000     1,567    105ms    105ms    105ms
`,
		60: `                                                from due
    time    sent/s confirm/s    recv/s      p99      max
    9.0s 1,234,567 1,234,000 1,233,000    105ms    105ms
`,
		20: `    time    sent/s
    9.0s 1,234,567
`,
		8: "",
	} {
		opts := live.Options{Terminal: true, Width: func() int { return width }}
		if got := show(&workload.Plan{Window: 1}, opts, late(9)); got != want {
			t.Errorf("%d columns: got\n%swant\n%s", width, got, want)
		}
	}
	wide := live.Options{Terminal: true, Width: func() int { return 200 }}
	for _, opts := range []live.Options{{}, {Width: func() int { return 80 }}, {Terminal: true, Width: func() int { return 0 }}, {Terminal: true, Width: func() int { return 120 }}} {
		if got, want := show(&workload.Plan{}, opts, late(9)), show(&workload.Plan{}, wide, late(9)); got != want {
			t.Errorf("%+v: got\n%s", opts, got)
		}
	}
}

// late is a sample of the end, whose messages came late.
func late(second int) *load.Sample {
	s := sample(second, false)
	s.Latencies[metric.FromDue] = histo.New()
	for range 2000 {
		s.Latencies[metric.FromDue].Record(int64(105 * time.Millisecond))
	}
	return s
}

// A terminal that changes its width gets a head for the columns that fit now, and the bar of the
// wider terminal is removed from all the lines that it takes now.
func TestWidthChangesDuringTheRun(t *testing.T) {
	width := 120
	var out strings.Builder
	v := live.New(&out, &workload.Plan{Duration: time.Minute, Count: 10_000_000}, live.Options{Terminal: true, Width: func() int { return width }})
	v.Show(sample(1, true))
	width = 60
	v.Show(sample(2, true))
	v.Show(sample(3, false))
	v.Close()
	if n := strings.Count(out.String(), "sent/s"); n != 2 {
		t.Errorf("%d heads", n)
	}
	if !strings.Contains(out.String(), "messages\r\x1b[1A\x1b[J") {
		t.Errorf("%q", out.String())
	}
}

type counted string

func (c counted) String() string { return string(c) }

// What is shown of the start is overwritten on a terminal, and kept elsewhere.
func TestStartIsShown(t *testing.T) {
	for opts, want := range map[*live.Options]string{
		{}:               "  starting    1 of 2\n  starting    2 of 2\n",
		{Terminal: true}: "  starting    1 of 2\r\x1b[K  starting    2 of 2\r\x1b[K",
		{Terminal: true, Width: func() int { return 10 }}: "",
	} {
		var out strings.Builder
		v := live.New(&out, &workload.Plan{}, *opts)
		v.Starting(counted("1 of 2"))
		v.Starting(counted("2 of 2"))
		v.Close()
		if out.String() != want {
			t.Errorf("%+v: %q, want %q", opts, out.String(), want)
		}
	}
}

// Nothing that is written is longer than a line, and numbers are whole or absent.
func TestEveryWidth(t *testing.T) {
	for width := 1; width < 130; width++ {
		s := sample(1, true)
		s.Counts[metric.Sent], s.Backlog, s.Elapsed = 123_456_789_012, 98_765_432, 100*time.Hour-time.Second
		out := show(&workload.Plan{Duration: time.Minute, Count: 10_000_000}, live.Options{Terminal: true, Width: func() int { return width }}, s)
		for line := range strings.Lines(out) {
			line = strings.TrimRight(strings.ReplaceAll(line, "\r\x1b[K", ""), "\n")
			if n := len([]rune(line)); n >= width {
				t.Errorf("width %d: a line of %d: %q", width, n, line)
			}
			for _, word := range strings.Fields(line) {
				if !strings.Contains(" time sent/s confirm/s recv/s backlog from send due p50 p99 max 99:59:59 123G - 1,233,000 98.8M 1.50ms "+
					"100 % 359999s of 1m 1,234,567 10,000,000 messages ", " "+word+" ") && strings.Trim(word, "█░") != "" {
					t.Errorf("width %d: %q in %q", width, word, line)
				}
			}
		}
	}
}

// A second of a slow run has too few messages for a p99. It appears once there are enough, and not
// only in seconds in which many messages came.
func TestPercentilesJoinSeconds(t *testing.T) {
	var out strings.Builder
	v := live.New(&out, &workload.Plan{}, live.Options{})
	for second := range 20 {
		s := &load.Sample{Elapsed: time.Duration(second+1) * time.Second, Interval: time.Second,
			Latencies: load.Latencies{metric.FromSend: histo.New(), metric.FromDue: histo.New()},
		}
		for range 100 {
			s.Latencies[metric.FromDue].Record(int64(time.Millisecond))
		}
		v.Show(s)
	}
	var at []int
	for i, line := range strings.Split(out.String(), "\n")[2:22] {
		if cells := strings.Fields(line); cells[9] == "1.00ms" {
			at = append(at, i+1)
		}
	}
	if !slices.Equal(at, []int{10, 20}) {
		t.Errorf("p99 in seconds %v:\n%s", at, out.String())
	}
}

// The last row has what never came: lower bounds.
func TestLowerBoundsInTheLastRow(t *testing.T) {
	var out strings.Builder
	v := live.New(&out, &workload.Plan{}, live.Options{})
	due := histo.New()
	s := &load.Sample{Elapsed: time.Second, Interval: time.Second, Latencies: load.Latencies{metric.FromSend: histo.New(), metric.FromDue: due}}
	for range 900 {
		due.Record(int64(time.Millisecond))
	}
	due.RecordAtLeast(int64(7940*time.Millisecond), 100)
	v.Show(s)
	if last := strings.Fields(strings.Split(out.String(), "\n")[2]); !slices.Equal(last[8:], []string{"1.00ms", "≥7.94s", "≥7.94s"}) {
		t.Errorf("from due: %q", last[8:])
	}
}

// BenchmarkShow is what the display of a second costs: nanoseconds of every 10^9.
func BenchmarkShow(b *testing.B) {
	s := sample(1, true)
	for i := range 1_000_000 {
		s.Latencies[metric.FromSend].Record(int64(i) * 1013) // a second's messages, up to a second late
	}
	v := live.New(io.Discard, &workload.Plan{Duration: time.Minute}, live.Options{Terminal: true, Color: true, Width: func() int { return 120 }})
	for b.Loop() {
		v.Show(s)
	}
}
