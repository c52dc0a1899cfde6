package compare_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// several runs of the same, which differ by chance.
func several(n int) (all []*results.Result) {
	for i := range n {
		all = append(all, run(kind{seconds: 1, rate: 100, latency: time.Millisecond, seed: uint64(i + 1)}))
	}
	return all
}

func spread(t *testing.T, s *compare.Summary, name string) *compare.Spread {
	t.Helper()
	i := slices.IndexFunc(s.Rows, func(r compare.Spread) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("no row %s", name)
	}
	return &s.Rows[i]
}

// How many values from each end the interval of a median leaves out is in any table
// of the sign test.
func TestSummarize(t *testing.T) {
	t.Parallel()
	all := several(17)
	for n, kth := range map[int]int{1: 0, 2: 0, 5: 0, 6: 1, 8: 1, 9: 2, 11: 2, 12: 3, 17: 5} {
		runs := all[:n]
		s := compare.Summarize(runs)
		for _, name := range []string{"sent_per_s", "from_send.p50", "from_send.max"} {
			r := spread(t, s, name)
			if len(r.Values) != n {
				t.Fatalf("%d runs: %s has %d values", n, name, len(r.Values))
			}
			x := slices.Sorted(slices.Values(r.Values))
			if r.Lowest != x[0] || r.Highest != x[n-1] {
				t.Errorf("%d runs: %s from %v to %v, want %v to %v", n, name, r.Lowest, r.Highest, x[0], x[n-1])
			}
			if want := (x[(n-1)/2] + x[n/2]) / 2; r.Median != want {
				t.Errorf("%d runs: %s has median %v, want %v", n, name, r.Median, want)
			}
			switch {
			case kth == 0 && !(math.IsNaN(float64(r.Low)) && math.IsNaN(float64(r.High))):
				t.Errorf("%d runs: %s has an interval of %v to %v, of too few", n, name, r.Low, r.High)
			case kth > 0 && (r.Low != x[kth-1] || r.High != x[n-kth]):
				t.Errorf("%d runs: %s from %v to %v, want the values number %d from both ends of %v", n, name, r.Low, r.High, kth, x)
			}
		}
		if r := spread(t, s, "sent_per_s"); n == 17 && math.Abs(float64(r.Values[3])-runs[3].Value(metric.SentPerS)) > 0.01*float64(r.Values[3]) {
			t.Errorf("run 4: %v/s, its report has %v/s", r.Values[3], runs[3].Value(metric.SentPerS))
		}
		confidence := map[int]string{2: "50 %", 5: "93.8 %"}[n]
		if told := strings.Join(s.Notes, "\n"); (confidence == "") != (told == "") || !strings.Contains(told, confidence) {
			t.Errorf("%d runs: %q, want something of %q", n, told, confidence)
		}
	}
}

// The lower bound of one run makes each statistic a lower bound that a longer latency could raise.
func TestSummaryOfLowerBounds(t *testing.T) {
	t.Parallel()
	runs := several(7)
	long := run(kind{seconds: 1, rate: 100, latency: 2 * time.Millisecond, seed: 8})
	d := long.Latency[metric.FromSend]
	d.Censored = 30
	long.Latency[metric.FromSend] = d
	runs[3] = long
	s := compare.Summarize(runs)
	p50, most := spread(t, s, "from_send.p50"), spread(t, s, "from_send.max")
	if p50.AtLeast != nil || !slices.Equal(most.AtLeast, []bool{false, false, false, true, false, false, false}) {
		t.Errorf("p50 %v, max %v", p50.AtLeast, most.AtLeast)
	}
	var text bytes.Buffer
	if err := s.WriteMarkdown(&text); err != nil {
		t.Fatal(err)
	}
	i := strings.Index(text.String(), "| from_send.max")
	cells := strings.Split(strings.SplitN(text.String()[i:], "\n", 2)[0], "|")
	if bound := func(i int) bool { return strings.Contains(cells[i], "≥ ") }; bound(2) || bound(3) || !bound(4) || strings.TrimSpace(cells[5]) != "–" || strings.Count(cells[6], "≥") != 1 {
		t.Errorf("%q", cells)
	}
}

// What some runs measured and others did not has no median.
func TestSummarizeWhatIsNotInAll(t *testing.T) {
	t.Parallel()
	runs := several(6)
	runs[2] = run(kind{seconds: 1, rate: 10, latency: time.Millisecond, seed: 9}) // too few for a p50
	r := spread(t, compare.Summarize(runs), "from_send.p50")
	if !math.IsNaN(float64(r.Values[2])) || math.IsNaN(float64(r.Values[1])) || !math.IsNaN(float64(r.Median)) || !math.IsNaN(float64(r.Low)) {
		t.Errorf("%+v", r)
	}
	if s := compare.Summarize(nil); len(s.Rows) != 0 || len(s.Notes) != 0 {
		t.Errorf("of nothing: %+v", s)
	}
}

func TestSummaryWritten(t *testing.T) {
	t.Parallel()
	runs := several(7)
	runs[3].Set(metric.Lost, 3)
	runs[3].Set(metric.Redelivered, 4)
	s := compare.Summarize(runs)
	var table bytes.Buffer
	if err := s.WriteMarkdown(&table); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	for _, want := range []string{"median", "| from_send.p50 ", "| lost ", "| redelivered ", " ms … ", "/s … ", " % |"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is missing in\n%s", want, table.String())
		}
	}
	for _, not := range []string{"send_delay", "p90", "duplicated"} {
		if strings.Contains(table.String(), not) {
			t.Errorf("%q is in\n%s", not, table.String())
		}
	}
	for _, line := range lines {
		if len([]rune(line)) != len([]rune(lines[0])) {
			t.Errorf("not aligned: %s", line)
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Metrics []struct {
			Name         string
			Median, Low  *float64
			Values       []*float64
			Lowest, High float64
		}
	}
	if err := json.Unmarshal(text, &got); err != nil || len(got.Metrics) < 10 || len(got.Metrics[0].Values) != 7 || *got.Metrics[0].Low < 70 {
		t.Errorf("%v %s", err, text)
	}
}
