package report_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

func TestFormats(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := report.Count(n); got != want {
			t.Errorf("Count(%d) is %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 ns", 999: "999 ns", 1000: "1.00 µs", 12_345: "12.3 µs", 999_400: "999 µs", 999_600: "1.00 ms",
		123_456_789: "123 ms", 1_500 * time.Millisecond: "1.50 s", -2 * time.Millisecond: "-2.00 ms", time.Hour: "3600 s",
		math.MinInt64: "-9223372037 s",
	} {
		if got := report.Duration(d); got != want {
			t.Errorf("Duration(%d) is %s, want %s", d, got, want)
		}
	}
	for n, want := range map[float64]string{128: "128 B", 1536: "1.50 KiB", 64 << 10: "64.0 KiB", 5 << 20: "5.00 MiB", 3 << 30: "3.00 GiB"} {
		if got := report.Size(n); got != want {
			t.Errorf("Size(%v) is %s, want %s", n, got, want)
		}
	}
	for r, want := range map[float64]string{0: "0", 0.5: "0.5", 12.345: "12.3", 1234.6: "1,235"} {
		if got := report.PerSecond(r); got != want {
			t.Errorf("PerSecond(%v) is %s, want %s", r, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		10 * time.Second: "10s", time.Minute: "1m", time.Hour: "1h", 90 * time.Second: "1m30s", 1500 * time.Millisecond: "1.5s",
	} {
		if got := report.Elapsed(d); got != want {
			t.Errorf("Elapsed(%d) is %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "no cats", 1: "1 cat", 2000: "2,000 cats"} {
		if got := report.Plural(n, "cat"); got != want {
			t.Errorf("Plural(%d) is %s", n, got)
		}
	}
}

// A text of a plan cannot become a formula of a spreadsheet.
func TestCellsAreNoFormulas(t *testing.T) {
	got := report.Cells([][]string{{"=1+1", "+cmd", "-x", "@A1", "\t=1", "-5", "+1e3", "", "a=b", "/queue/-"}})[0]
	if want := "'=1+1|'+cmd|'-x|'@A1|'\t=1|-5|+1e3||a=b|/queue/-"; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
}

// A condition that was read from a file reads as it did when the run was judged.
func TestConditionKeepsItsUnitInJSON(t *testing.T) {
	for _, want := range []string{"lost=0 (12)", "sent_per_s>=10 (12/s)", "from_due.p99<1ms (12 ns)"} {
		text, _, _ := strings.Cut(want, " ")
		var c slo.Outcome
		if err := json.Unmarshal([]byte(`{"condition":"`+text+`","value":12}`), &c); err != nil {
			t.Fatal(err)
		}
		if got := report.Outcome(&c); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// What a broker or a file has put into a text cannot steer the terminal; our own colors stay.
func TestPrintable(t *testing.T) {
	bad := report.Style{Color: true}.Bad("lost 1")
	in := bad + "\tat \x1b[2J\x1b]0;title\a\u009b5m\r\x7f\n≥ 5 µs\n"
	if got, want := report.Printable(in), bad+"\tat  [2J ]0;title  5m  \n≥ 5 µs\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
