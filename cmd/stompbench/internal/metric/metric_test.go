package metric_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Every metric has what is needed to write it out, and names are unique.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range metric.With(0) {
		if d.Name == "" || d.Help == "" || strings.HasSuffix(d.Help, ".") {
			t.Errorf("%d: %q: %q", d.ID, d.Name, d.Help)
		}
		for _, name := range []string{d.Name, d.Also} {
			if seen[name] && name != "" {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if metric.Find(d.Name) != d {
			t.Errorf("%s is not found", d.Name)
		}
	}
}

// What was measured comes back from JSON; what was not is 0 in the file, and stays unknown if it is
// not there.
func TestJSON(t *testing.T) {
	var v, back metric.Values
	v.SetCount(metric.Sent, 1<<53)
	v.Set(metric.SentPerS, 0.1)
	v.Set(metric.BacklogSlope, -3)
	text, err := v.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"totals":{"sent":9007199254740992,"unsent":0,`, `"rates":{"sent_per_s":0.1,`, `"backlog_slope_per_s":-3}`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
	if strings.Contains(string(text), "lost_share") {
		t.Errorf("%s", text)
	}
	if err := back.ParseJSON(text); err != nil {
		t.Fatal(err)
	}
	if back.Count(metric.Sent) != 1<<53 || back.Value(metric.BacklogSlope) != -3 || back.Value(metric.BacklogSlopeShare) != -30 {
		t.Errorf("%+v", back)
	}
	if err := back.ParseJSON([]byte(`{"totals": {"sent": 5, "lost": null, "later": {}}, "new": 1, "process": null}`)); err != nil {
		t.Fatal(err)
	}
	if x, ok := back.Get(metric.Lost); ok || x != 0 || back.Count(metric.Sent) != 5 || back.Known(metric.SentPerS) {
		t.Errorf("%+v", back)
	}
}

// A file cannot bring values that cannot be.
func TestImpossibleValues(t *testing.T) {
	for text, name := range map[string]string{
		`{"totals": {"sent": -1}}`:                  "totals.sent",
		`{"totals": {"sent": 0.5}}`:                 "totals.sent",
		`{"totals": {"sent": 1e16}}`:                "totals.sent",
		`{"rates": {"sent_per_s": 1e300}}`:          "rates.sent_per_s",
		`{"process": {"cpu_cores": -2}}`:            "process.cpu_cores",
		`{"rates": {"backlog_slope_per_s": -1e17}}`: "rates.backlog_slope_per_s",
	} {
		var v metric.Values
		if err := v.ParseJSON([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), name+" is ") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{`{"totals": []}`, `{"totals": {"sent": "5"}}`, `{"totals": {"sent": 1e999}}`, `[]`} {
		var v metric.Values
		if err := v.ParseJSON([]byte(text)); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
}

// Counts and maxima are merged, averages are weighted with their time, and the rest is computed
// again.
func TestMerge(t *testing.T) {
	part := func(sent, lost, rate, seconds float64) *metric.Values {
		v := new(metric.Values)
		v.Set(metric.Sent, sent)
		v.Set(metric.Lost, lost)
		v.Set(metric.Expected, sent)
		v.Set(metric.MaxBacklog, lost)
		v.Set(metric.SentPerS, rate)
		v.Set(metric.Sending, seconds)
		v.Set(metric.BacklogSlope, 1)
		v.Set(metric.CPUPerMessage, rate)
		v.Derive()
		return v
	}
	var sum metric.Values
	sum.Set(metric.Sending, 20)
	sum.Merge(part(1000, 1, 100, 10), part(3000, 7, 300, 10))
	for id, want := range map[metric.ID]float64{
		metric.Sent: 4000, metric.Lost: 8, metric.MaxBacklog: 7, metric.SentPerS: 200, metric.Sending: 20,
		metric.LostShare: 0.002, metric.CPUPerMessage: 250,
	} {
		if x, ok := sum.Get(id); !ok || x != want {
			t.Errorf("%s is %v, want %v", metric.Of(id).Name, x, want)
		}
	}
	if sum.Known(metric.BacklogSlope) || sum.Known(metric.BacklogSlopeShare) || sum.Known(metric.Corrupt) {
		t.Error("something that was not measured is known")
	}
}

// Without consumers nothing is known of lost messages, and without receipts nothing of confirmed ones.
func TestRestrict(t *testing.T) {
	var v metric.Values
	for _, d := range metric.With(0) {
		v.Set(d.ID, 0)
	}
	v.Restrict(false)
	for _, d := range metric.With(0) {
		if v.Known(d.ID) == (d.Has(metric.NeedsConsumers) || d.Has(metric.NeedsReceipts)) {
			t.Errorf("%s: %v", d.Name, v.Known(d.ID))
		}
	}
}
