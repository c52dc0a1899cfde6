package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// Every figure of the totals can be demanded under the name that it has in result.json,
// and is the one that stands there.
func TestTotalsAreMetrics(t *testing.T) {
	p, r := example(10)
	r.Consumers = p.Consumers
	text, err := json.Marshal(report.New("v1", p, r))
	if err != nil {
		t.Fatal(err)
	}
	var object struct{ Totals map[string]float64 }
	if err := json.Unmarshal(text, &object); err != nil || len(object.Totals) < 17 {
		t.Fatal(err, object)
	}
	for name, want := range object.Totals {
		s, err := slo.Parse(name + ">=0")
		if err != nil {
			t.Error(err)
			continue
		}
		if o := s.Judge(r)[0]; o.Value == nil || *o.Value != want {
			t.Errorf("%s: %+v; the totals say %v", name, o, want)
		}
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
