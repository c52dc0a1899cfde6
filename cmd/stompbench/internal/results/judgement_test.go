package results_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// Both forms hold the conditions with what the run came to, and what limited it.
func TestJudgement(t *testing.T) {
	p, r := example(20_000)
	r.BacklogSlope, r.BacklogTrend = 1234.4, true
	rep := results.New("v1", p, r, nil)
	demand, err := slo.Parse("from_due.p99<1ms,sent_per_s>=500,lost=0,lost_share<1%,confirm.p99.99<1h,backlog.slope<=0,backlog.slope_share<=2%")
	if err != nil {
		t.Fatal(err)
	}
	facts := r
	rep.SLO = demand.Judge(facts)
	var text, object bytes.Buffer
	if err := rep.WriteText(&text, report.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"limited by  ", "producers   waited", "NOT MET  from_due.p99<1ms (19.8 ms)",
		"met      sent_per_s>=500 (1,000/s)", "of few samples", ", up to 77 behind, 1,234 more each second",
		"NOT MET  backlog.slope<=0 (+1,234/s)", "NOT MET  backlog.slope_share<=2% (+123.44 %)",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing:\n%s", want, text.String())
		}
	}
	if err := report.WriteObject(&object, rep); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Verdict map[string]any
		SLO     []struct {
			Condition, Metric string
			Limit             float64
			Value             *float64
			Met, Shaky        bool
		}
	}
	if err := json.Unmarshal(object.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.SLO) != 7 || got.SLO[0].Met || got.SLO[0].Limit != 1e6 || *got.SLO[0].Value < 19e6 || !got.SLO[1].Met || !got.SLO[4].Shaky {
		t.Errorf("%+v", got.SLO)
	}
	if got.Verdict["limited_by"] == "" || got.Verdict["why"] == "" || len(got.Verdict) != 18 {
		t.Errorf("%d: %v", len(got.Verdict), got.Verdict)
	}
}

// A value among lower bounds says so.
func TestOutcomeAmongLowerBounds(t *testing.T) {
	p, r := example(20_000)
	due := r.Histogram(metric.FromDue)
	due.RecordAtLeast(int64(8*time.Second), due.Count())
	rep := results.New("v1", p, r, nil)
	demand, err := slo.Parse("from_due.p99<500ms,from_due.p99.9>1s")
	if err != nil {
		t.Fatal(err)
	}
	rep.SLO = demand.Judge(r)
	var text bytes.Buffer
	if err := rep.WriteText(&text, report.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NOT MET  from_due.p99<500ms (≥ 8.00 s)", "met      from_due.p99.9>1s (≥ 8.00 s"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing:\n%s", want, text.String())
		}
	}
}

// The backlog's slope is told if there is one to speak of, and only then.
func TestBacklogSlope(t *testing.T) {
	for slope, says := range map[float64]string{0: "", 9: "", -9: "", 10: "10 more each second", -250: "250 less each second"} {
		p, r := example(20_000)
		r.BacklogSlope, r.BacklogTrend = slope, true
		out := text(t, p, r, nil)
		if says == "" && strings.Contains(out, "each second") || !strings.Contains(out, says) {
			t.Errorf("%v: want %q in\n%s", slope, says, out)
		}
		if got, ok := results.New("v1", p, r, nil).Get(metric.BacklogSlope); !ok || got != slope {
			t.Errorf("%v in JSON", got)
		}
	}
}
