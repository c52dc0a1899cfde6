package page_test

import (
	"bytes"
	"html"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// plan is 1,000 messages a second for 14 s, after 2 s of warm-up.
func plan() *workload.Plan {
	broker, _ := uri.Parse("stomp://guest:s3cret@h:1")
	return &workload.Plan{
		Broker:    broker,
		Producers: 10, Consumers: 10, Warmup: 2 * time.Second, Duration: 14 * time.Second, Size: 128, Window: 100,
		Rate: 1000, Profile: pacer.Constant(1000),
		PublishTo: "/queue/q", ConsumeFrom: "/queue/q", Delivery: workload.Shared,
	}
}

// measured returns the result of that plan with a broker that stood still from the eighth second to
// the fourteenth if it stalled, and messages that were never sent.
func measured(server string, stalled bool) *results.Result {
	random := rand.New(rand.NewPCG(1, 2))
	var whole [4]*histo.Histogram
	for k := range whole {
		whole[k] = histo.New()
	}
	rec := series.New()
	unsent := uint64(0)
	for i := range 17 {
		still := stalled && i >= 8 && i < 14
		n := uint64(1000)
		if still || i == 16 {
			n = 0
		}
		s := &load.Sample{
			Elapsed: time.Duration(i+1) * time.Second, Interval: time.Second, Sending: i < 16, Counts: metric.Counts{metric.Sent: n, metric.Confirmed: n, metric.Received: n},
			CPU: time.Second / 5, Backlog: uint64(5 + i%3),
		}
		var h [4]*histo.Histogram
		for k := range h {
			h[k] = histo.New()
			for range n {
				ns := int64(float64([]int{900, 700, 400, 60}[k]*1000) * math.Exp(random.NormFloat64()/2))
				if stalled && i == 14 {
					ns += int64(6e9 * random.Float64())
				}
				h[k].Record(ns)
				if i >= 2 {
					whole[k].Record(ns)
				}
			}
		}
		if still {
			unsent += 1000
			s.Backlog = 700
		}
		s.Latencies = load.Latencies{metric.FromDue: h[0], metric.FromSend: h[1], metric.Confirm: h[2], metric.SendDelay: h[3]}
		if i < 2 {
			empty := histo.New()
			s.Warmup = s.Latencies
			s.Latencies = load.Latencies{metric.FromDue: empty, metric.FromSend: histo.New(), metric.Confirm: empty, metric.SendDelay: empty}
		}
		rec.Add(s)
	}
	sent := 16_000 - unsent
	res := &load.Result{
		Consumers: 10, ID: 1, Start: time.Unix(1_800_000_000, 0), Ready: load.Ready{Server: server, Version: "1.2"},
		Books:   ledger.Balance{Sent: sent, Confirmed: sent, Received: sent, Expected: sent},
		Sending: 14 * time.Second, SendingFrom: 2 * time.Second, Receiving: 15 * time.Second, Unsent: unsent,
		Latencies: load.Latencies{metric.FromDue: whole[0], metric.FromSend: whole[1], metric.Confirm: whole[2], metric.SendDelay: whole[3]},
	}
	r := results.New("v1", plan(), res, rec)
	for id, x := range map[metric.ID]float64{
		metric.CPUCores: 0.2, metric.CPUPerMessage: 3e5, metric.SentPerS: float64(sent) / 16, metric.ReceivedPerS: float64(sent) / 16,
		metric.SentBytesPerS: float64(sent) * 8, metric.ReceivedBytesPerS: float64(sent) * 8,
	} {
		r.Set(id, x)
	}
	return r
}

// bad returns the result of the stalled run with an exit code, and what belongs to it.
func bad(code int) *results.Result {
	r := measured("RabbitMQ/4", true)
	r.ExitCode = code
	r.Verdict = &verdict.Verdict{Limit: verdict.Broker, Why: "producers were held up by receipts for 6 s", WindowShare: 0.42, PacerShare: 0.5}
	value := 5.2e9
	switch code {
	case 3:
		r.Set(metric.Lost, 19)
	case 4:
		r.Verdict.Limit, r.Verdict.Why, r.Verdict.Invalid = verdict.Generator, "this process used 1.97 of 2 processors", true
	case 99:
		r.Set(metric.Unsent, 0)
	case 1, 130:
		r.Partial = true
		if code == 1 {
			r.Failure = "the broker closed the connection"
		}
	}
	r.SLO = []slo.Outcome{
		{Condition: condition("from_due.p99<500ms"), Value: &value, Limit: 5e8}, {Condition: condition("lost=0"), Value: new(float64), Met: true},
	}
	return r
}

func condition(text string) (c slo.Condition) {
	_ = c.UnmarshalText([]byte(text))
	return c
}

func good() *results.Result {
	r := measured("RabbitMQ/4", false)
	value := 3.2e6
	r.SLO = []slo.Outcome{{Condition: condition("from_due.p99<500ms"), Value: &value, Limit: 5e8, Met: true}}
	r.Verdict = &verdict.Verdict{Limit: verdict.Schedule, Why: "what was asked for was sent", PacerShare: 0.97, RateKept: true}
	return r
}

func render(t *testing.T, runs ...page.Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := page.Write(&out, runs); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var badge = regexp.MustCompile(`<p class="verdict (\w+)"><b>([^<]*)</b> <small>exit code (\d+)</small></p>`)

// The badge, the first line of the page, says what the exit code says. Only a run that went well is
// green, and only its page says nothing else than that all is well.
func TestBadgeFollowsTheExitCode(t *testing.T) {
	for code, want := range map[string][]string{
		"0":   {"good", "Passed", "every message arrived once, in order", "All conditions of the SLO are met"},
		"1":   {"bad", "Could not run to its end", "Partial result: the broker closed the connection."},
		"3":   {"bad", "Messages were lost, duplicated or corrupt", "19 were lost"},
		"4":   {"bad", "Invalid: the generator was the limit", "Limited by generator: this process used 1.97 of 2 processors", "--accept-generator-limit"},
		"5":   {"bad", "The broker did not keep up with the rate", "6,000 of 16,000 messages that were due were never sent, 38 % of the plan. Nothing moved from 8s to 14s.", "Limited by broker", "--rate-tolerance"},
		"99":  {"bad", "The SLO is not met", "1 of 2 conditions of the SLO not met: from_due.p99&lt;500ms (5.20 s)"},
		"130": {"bad", "Interrupted", "Partial result: interrupted."},
	} {
		r := good()
		if code != "0" {
			n := 0
			for _, digit := range code {
				n = 10*n + int(digit-'0')
			}
			r = bad(n)
		}
		out := render(t, page.Run{Name: "a", Result: r})
		got := badge.FindStringSubmatch(out)
		if got == nil || got[1] != want[0] || got[2] != want[1] || got[3] != code {
			t.Errorf("exit code %s: %q", code, got)
		}
		if strings.Index(out, got[0]) > strings.Index(out, "<h1>") {
			t.Errorf("exit code %s is not the first line", code)
		}
		for _, text := range want[2:] {
			if !strings.Contains(out, text) {
				t.Errorf("exit code %s: %q is missing", code, text)
			}
		}
		if green := strings.Contains(out, `class="verdict good"`); green != (code == "0") {
			t.Errorf("exit code %s: green is %v", code, green)
		}
	}
}

// A run that was accepted although the generator was its limit is not green.
func TestAcceptedIsNotGreen(t *testing.T) {
	r := bad(4)
	r.ExitCode = 0
	if got := badge.FindStringSubmatch(render(t, page.Run{Name: "a", Result: r})); got[1] != "warn" || got[3] != "0" {
		t.Errorf("%q", got)
	}
}

// Without a script or a browser the page says what counts.
func TestPageTellsAllInText(t *testing.T) {
	out := render(t, page.Run{Name: "a", Result: bad(5)})
	for _, want := range []string{
		"RabbitMQ/4 at stomp://guest:***@h:1", "confirmed lost", "p99.9", "15 January 2027, 08:00:00 UTC",
		"It fell behind after 8s, and was furthest behind after 14s: by 6,000 messages. Nothing moved from 8s to 14s.",
		`<td class="bad">not met</td>`, "<td>met</td>", "limited by <b>broker</b>: producers were held up", "waited for receipts",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, no := range []string{"s3cret", "ZgotmplZ", "NaN,", "<no value>"} {
		if strings.Contains(out, no) {
			t.Errorf("%q is in the page", no)
		}
	}
}

// A percentile over time that is a lower bound is one in the plot and its table: below 0.
func TestLowerBoundsOverTime(t *testing.T) {
	r := good()
	l := r.Series.Intervals[15].Latency[metric.FromDue]
	l.Censored, l.HDR.Censored = 400, 400
	out := render(t, page.Run{Name: "a", Result: r})
	lines := dataOf(t, out).Runs[0].Latency["from_due"]
	for name, want := range map[string]bool{"p50": false, "p99": true, "max": true} {
		for i, us := range lines[name] {
			if bound := us != nil && *us < 0; bound != (want && i == 15) {
				t.Errorf("%s[%d] is a lower bound: %v", name, i, bound)
			}
		}
	}
}

func TestPageOfSeveral(t *testing.T) {
	out := render(t, page.Run{Name: "base", Result: good()}, page.Run{Name: "new", Result: bad(99)})
	for _, want := range []string{"2 runs compared", "</i>base</th>", "</i>new</th>", ">Passed<", ">The SLO is not met<"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// The page loads nothing: it names no address but that of the SVG vocabulary and of uPlot's author.
func TestPageLoadsNothing(t *testing.T) {
	out := render(t, page.Run{Name: "a", Result: good()})
	for _, address := range regexp.MustCompile(`(https?:)?//[a-z][^\s"'<]*`).FindAllString(out, -1) {
		if !strings.HasPrefix(address, "http://www.w3.org/2000/svg") && !strings.HasPrefix(address, "//guest:***@h:1") &&
			address != "https://github.com/leeoniya/uPlot" {
			t.Errorf("it names %s", address)
		}
	}
	if !strings.Contains(html.UnescapeString(out), `content="default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; style-src 'sha256-`) {
		t.Error("its policy does not forbid loading")
	}
}
