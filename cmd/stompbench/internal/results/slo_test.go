package results_test

import (
	"encoding/json"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// Every figure of the totals can be demanded under the name that it has in result.json,
// and is the one that stands there.
func TestTotalsAreMetrics(t *testing.T) {
	p, r := example(10)
	r.Consumers = p.Consumers
	text, err := json.Marshal(results.New("v1", p, r, nil))
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
