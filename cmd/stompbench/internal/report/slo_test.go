package report_test

import (
	"encoding/json"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// Every figure of the totals can be demanded under the name that it has in result.json,
// and is the one that stands there.
func TestTotalsAreMetrics(t *testing.T) {
	p, r := example(10)
	r.Consumers = p.Consumers
	text, err := json.Marshal(report.New("v1", p, r).Totals)
	if err != nil {
		t.Fatal(err)
	}
	var totals map[string]float64
	if err := json.Unmarshal(text, &totals); err != nil || len(totals) < 17 {
		t.Fatal(err, totals)
	}
	facts := slo.FactsOf(r)
	for name, want := range totals {
		s, err := slo.Parse(name + ">=0")
		if err != nil {
			t.Error(err)
			continue
		}
		if o := s.Judge(facts)[0]; !o.Known || o.Value != want {
			t.Errorf("%s is %v, known %v; the totals say %v", name, o.Value, o.Known, want)
		}
	}
}
