package results_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// example returns a plan and a result with something in every field.
func example(samples int) (*workload.Plan, *load.Result) {
	h := histo.New()
	for i := range samples {
		h.Record(int64(i+1) * 1000)
	}
	broker, _ := uri.Parse("stomp://guest:s3cret@h:1")
	p := &workload.Plan{
		Broker:    broker,
		Producers: 2, Consumers: 3, Duration: 10 * time.Second, Size: 128, Rate: 1000, Window: 10,
		PublishTo: "/queue/q", ConsumeFrom: "/queue/q", Delivery: workload.Shared,
	}
	return p, &load.Result{
		Consumers: 1, Ready: load.Ready{Server: "RabbitMQ/3", Version: "1.2"},
		Books: ledger.Balance{
			Sent: 10_000, Confirmed: 9_990, Rejected: 1, Received: 9_980, Expected: 9_999,
			Lost: 19, ConfirmedLost: 9, Repeats: ledger.Repeats{Duplicated: 2, Redelivered: 7, Reordered: 3},
		},
		Counts:  metric.Counts{metric.Corrupt: 4, metric.Foreign: 5, metric.Nacked: 8},
		Unknown: 9, Unsent: 6, MaxBacklog: 77,
		MeasuredSent: 10_001, MeasuredReceived: 9_981,
		Sending: 10 * time.Second, Receiving: 10 * time.Second,
		Latencies: load.Latencies{metric.FromSend: h, metric.FromDue: h, metric.SendDelay: h, metric.Confirm: h},
		Cost:      load.Cost{CPU: 5 * time.Second, Wall: 10 * time.Second, Allocations: 100},
	}
}

// The JSON form is a promise: this is all of it.
func TestJSON(t *testing.T) {
	p, r := example(20_000)
	var out bytes.Buffer
	rep := results.New("v1", p, r, nil)
	if err := report.WriteObject(&out, rep); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "s3cret") {
		t.Error("the password is in the report")
	}
	var got map[string]any
	dec := json.NewDecoder(&out)
	if err := dec.Decode(&got); err != nil || dec.More() {
		t.Fatalf("not one JSON object: %v", err)
	}
	for _, g := range metric.Groups {
		var names []string
		for _, d := range metric.In(g) {
			if _, ok := rep.Get(d.ID); ok || !d.Has(metric.Optional) {
				names = append(names, d.Name)
			}
		}
		checkNumbers(t, got[g.String()], g.String(), names)
	}
	latency := got["latency_ns"].(map[string]any)
	for _, from := range []string{"from_send", "from_due", "confirm", "send_delay"} {
		checkNumbers(t, latency[from], from,
			[]string{"count", "negative", "mean", "p50", "p90", "p95", "p99", "p99_9", "p99_99", "max"})
	}
	if got["schema"] != float64(results.Schema) || got["totals"].(map[string]any)["lost"] != 19.0 ||
		got["rates"].(map[string]any)["sent_per_s"] != 1000.0 {
		t.Errorf("%v", got)
	}
}

func checkNumbers(t *testing.T, object any, name string, want []string) {
	t.Helper()
	fields, ok := object.(map[string]any)
	if !ok || len(fields) != len(want) {
		t.Errorf("%s has %d fields, want %d: %v", name, len(fields), len(want), object)
	}
	for _, field := range want {
		if _, ok := fields[field].(float64); !ok {
			t.Errorf("%s.%s is %v, want a number", name, field, fields[field])
		}
	}
}

func text(t *testing.T, p *workload.Plan, r *load.Result, edit func(*results.Result)) string {
	t.Helper()
	rep := results.New("v1", p, r, nil)
	if edit != nil {
		edit(rep)
	}
	var out strings.Builder
	if err := rep.WriteText(&out, report.Style{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTextOfABadRun(t *testing.T) {
	p, r := example(20_000)
	out := text(t, p, r, nil)
	for _, want := range []string{
		"2 producers and 3 consumers of 128 B messages on RabbitMQ/3 at stomp://guest:***@h:1, STOMP 1.2",
		"sent 10,000   confirmed 9,990   received 9,980",
		"lost 19   duplicated 2   corrupt 4   reordered 3   the books do not balance",
		"of those lost, 9 were confirmed by the broker and 10 were not",
		"1 rejected", "9 unknown: messages that asked for a receipt", "5 foreign: messages that were not of this run", "6 unsent: messages that were due",
		"sent        1,000/s for 10.0 s (125 KiB/s)", "received    998/s for 10.0 s (125 KiB/s), up to 77 behind",
		"from due", "from send", "to receipt", "send delay", "10.0 ms", "20.0 ms",
		"0.50 CPU cores", "left 19.8 ms late",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	for _, no := range []string{"s3cret", "\x1b", "Flat out", "PARTIAL"} {
		if strings.Contains(out, no) {
			t.Errorf("%q does not belong in\n%s", no, out)
		}
	}
}

func TestTextOfAGoodRun(t *testing.T) {
	p, r := example(500)
	p.Rate, p.Embedded = 0, true
	r.Books = ledger.Balance{Sent: 500, Confirmed: 500, Received: 500, Expected: 500}
	r.Counts[metric.Corrupt], r.Counts[metric.Foreign], r.Unknown, r.Unsent = 0, 0, 0, 0
	out := text(t, p, r, nil)
	for _, want := range []string{"every message arrived once, in order", "the embedded broker", "Flat out", "p99.9", "broker included"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.Contains(out, "from due") {
		t.Errorf("flat out there is no plan to be late for:\n%s", out)
	}
	// Of 500 samples ten lie beyond p90 and five beyond p99.
	if row := lineWith(out, "from send"); strings.Count(row, "-") != 3 {
		t.Errorf("percentiles of too few samples are not hidden: %s", row)
	}
}

// A run of one message has no rate and no sample of its backlog. The report shows the exact time of
// a short run.
func TestTextOfAShortRun(t *testing.T) {
	p, r := example(1)
	r.MeasuredSent, r.MeasuredReceived, r.Sending, r.Receiving = 1, 1, 0, 155*time.Microsecond
	r.Cost.Allocations = 1234
	out := text(t, p, r, nil)
	for _, want := range []string{"too little for a rate, in 0 ns\n", "too little for a rate, in 155 µs\n", " 1,234 allocations"} {
		if !strings.Contains(strings.ReplaceAll(out, "\n  allocations", " allocations"), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	r.MeasuredSent, r.Sending = 11, 100*time.Microsecond
	if out := text(t, p, r, nil); !strings.Contains(out, "100,000/s for 100 µs") || strings.Contains(out, "behind") {
		t.Error(out)
	}
}

// Sentences fit into a terminal of 90 columns, whatever the verdict has to say.
func TestTextFits(t *testing.T) {
	p, r := example(20_000)
	out := text(t, p, r, func(rep *results.Result) {
		rep.Verdict.ProcessShare, rep.Verdict.StarvedShare, rep.Verdict.Invalid = 0.5, 0.5, true
		rep.Verdict.Why = strings.Repeat("so it is ", 40)
		rep.Ceiling = &results.Ceiling{PerSecond: 1e6, Share: 0.5, Setting: "1 producer, 128 B, window 1000"}
	})
	_, sentences, _ := strings.Cut(out, "  processors")
	for line := range strings.Lines(sentences) {
		if n := len([]rune(line)); n > 91 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(sentences, "this result is invalid") {
		t.Error(out)
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

func TestTextOfAPartialRun(t *testing.T) {
	p, r := example(100)
	r.Interrupted = true
	if out := text(t, p, r, nil); !strings.HasPrefix(out, "PARTIAL RESULT: interrupted") {
		t.Error(out)
	}
	r.Failure = errors.New("x")
	if out := text(t, p, r, func(rep *results.Result) { rep.Failure = "it broke" }); !strings.HasPrefix(out, "PARTIAL RESULT: it broke") {
		t.Error(out)
	}
}
