package find

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// What the generator did is told from what the broker did.
func TestByGenerator(t *testing.T) {
	const ms = time.Millisecond
	kept := verdict.Verdict{Limit: verdict.Schedule, RateKept: true}
	held := verdict.Verdict{Limit: verdict.Schedule, RateKept: true, HeldShare: 0.6}
	hardly := kept
	hardly.HeldShare = 0.4
	for name, c := range map[string]struct {
		slo             string
		v               verdict.Verdict
		due, send, late time.Duration // of one message in ten: from due, from send, send delay
		edit            func(*load.Result)
		want            bool
	}{
		"the verdict says so":             {"lost=0", verdict.Verdict{Limit: verdict.Generator}, 0, 0, 0, nil, true},
		"but the broker lost messages":    {"lost=0", verdict.Verdict{Limit: verdict.Generator}, 0, 0, 0, func(r *load.Result) { r.Books.Lost = 1 }, false},
		"or refused one":                  {"lost=0", verdict.Verdict{Limit: verdict.Generator}, 0, 0, 0, func(r *load.Result) { r.Refusal = errors.New("no") }, false},
		"or ended the connection":         {"lost=0", verdict.Verdict{Limit: verdict.Generator}, 0, 0, 0, func(r *load.Result) { r.Failure = errors.New("no") }, false},
		"the broker was the limit":        {"lost=0", verdict.Verdict{Limit: verdict.Broker}, 200 * ms, 1 * ms, 199 * ms, nil, false},
		"consumers were":                  {"lost=0", verdict.Verdict{Limit: verdict.Consumers}, 0, 0, 0, nil, false},
		"nothing was sent":                {"lost=0", verdict.Verdict{Limit: verdict.Unclear}, 0, 0, 0, nil, true},
		"messages left late":              {"from_due.p99<100ms", kept, 120 * ms, 80 * ms, 40 * ms, nil, true},
		"held up by the broker":           {"from_due.p99<100ms", held, 200 * ms, 1 * ms, 199 * ms, nil, false},
		"hardly held up by it":            {"from_due.p99<100ms", hardly, 200 * ms, 1 * ms, 199 * ms, nil, true},
		"messages took long":              {"from_due.p99<100ms", kept, 200 * ms, 195 * ms, 5 * ms, nil, false},
		"the machine stood still":         {"from_due.p99<100ms", kept, 300 * ms, 150 * ms, 150 * ms, nil, true},
		"so it did, for receipts":         {"confirm.p99<100ms", kept, 300 * ms, 150 * ms, 60 * ms, nil, true},
		"and not for long":                {"from_send.p99<100ms", kept, 300 * ms, 150 * ms, 40 * ms, nil, false},
		"sends were late":                 {"send_delay.p99<1ms", kept, 3 * ms, 1 * ms, 2 * ms, nil, true},
		"sends did not happen":            {"unsent=0", kept, 0, 0, 0, func(r *load.Result) { r.Unsent = 3 }, true},
		"something else is wrong, too":    {"from_due.p99<100ms,received>1M", kept, 120 * ms, 80 * ms, 40 * ms, nil, false},
		"what is met does not count":      {"received<1M,from_due.p99<100ms", kept, 120 * ms, 80 * ms, 40 * ms, nil, true},
		"it has nothing to do with times": {"received>1M", kept, 0, 0, 0, nil, false},
	} {
		r := &load.Result{
			Latencies: load.Latencies{metric.FromDue: spread(c.due), metric.FromSend: spread(c.send), metric.SendDelay: spread(c.late), metric.Confirm: spread(c.send)},
			Books:     ledger.Balance{Sent: 1000, Confirmed: 1000, Received: 1000, Expected: 1000}, Consumers: 1,
		}
		if c.edit != nil {
			c.edit(r)
		}
		demand, err := slo.Parse(c.slo)
		if err != nil {
			t.Fatal(err)
		}
		j := judgement{r, &c.v, demand.Judge(r), c.v.RateKept}
		if got := j.byGenerator(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// spread is of 1,000 messages, of which one in ten took long.
func spread(long time.Duration) *histo.Histogram {
	h := histo.New()
	for i := range 1000 {
		if i%10 == 0 {
			h.Record(int64(long))
		} else {
			h.Record(int64(time.Microsecond))
		}
	}
	return h
}

func TestPlot(t *testing.T) {
	var steps []find.Step
	if plot(steps) != "" {
		t.Error("a plot of nothing")
	}
	for i, p99 := range []time.Duration{1, 1, 2, 5, 100} {
		steps = append(steps, find.Step{Rate: float64(int(1000) << i), Pass: i < 4, P99: int64(p99 * time.Millisecond)})
	}
	got := plot(steps)
	lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
	if len(lines) != 5 || strings.Count(got, "pass") != 4 || strings.Count(got, "fail") != 1 || !strings.HasPrefix(lines[0], "       1,000/s ") ||
		!strings.HasSuffix(lines[0], "  1.00 ms  #") || !strings.HasSuffix(lines[4], "100 ms  "+strings.Repeat("#", 40)) {
		t.Errorf("\n%s", got)
	}
	for _, line := range lines {
		if len([]rune(line)) > 80 {
			t.Errorf("too wide: %q", line)
		}
	}
}
