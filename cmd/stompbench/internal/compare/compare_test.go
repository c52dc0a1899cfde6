package compare_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// kind of run: how many messages a second, and how long they take in the middle.
type kind struct {
	seconds int
	rate    float64
	latency time.Duration
	lost    uint64
	seed    uint64
}

// run makes the result of a run whose seconds vary by some 5 %.
func run(k kind) *results.Result {
	random := rand.New(rand.NewPCG(k.seed, 7))
	vary := func() float64 { return 1 + 0.05*random.NormFloat64() }
	p := &workload.Plan{Producers: 1, Consumers: 1, Duration: time.Minute, Size: 128, Rate: k.rate, PublishTo: "/queue/q", Delivery: workload.Shared}
	all, rec, total := histo.New(), series.New(), uint64(0)
	for i := range k.seconds {
		one, mood := histo.New(), vary()
		n := uint64(k.rate * vary())
		for range n {
			one.Record(int64(float64(k.latency) * mood * random.ExpFloat64() / math.Ln2))
		}
		all.Merge(one)
		total += n
		rec.Add(&load.Sample{
			Elapsed: time.Duration(i+1) * time.Second, Interval: time.Second, CPU: time.Second / 2, Sending: true,
			Counts:    metric.Counts{metric.Sent: n, metric.Received: n},
			Latencies: load.Latencies{metric.FromSend: one, metric.FromDue: one, metric.SendDelay: histo.New(), metric.Confirm: histo.New()},
		})
	}
	took := time.Duration(k.seconds) * time.Second
	res := &load.Result{
		Consumers: 1, ID: 1, Start: time.Unix(1_800_000_000, 0),
		Books:   ledger.Balance{Sent: total, Received: total - k.lost, Expected: total, Lost: k.lost},
		Sending: took, Receiving: took, MeasuredSent: total, MeasuredReceived: total,
		Latencies: load.Latencies{metric.FromSend: all, metric.FromDue: all, metric.SendDelay: histo.New(), metric.Confirm: histo.New()},
	}
	return results.New("v1", p, res, rec)
}

func compared(t *testing.T, a, b []*results.Result) *compare.Comparison {
	t.Helper()
	c, err := compare.Compare(a, b, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func row(t *testing.T, c *compare.Comparison, name string) *compare.Row {
	t.Helper()
	i := slices.IndexFunc(c.Rows, func(r compare.Row) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("no row %s", name)
	}
	return &c.Rows[i]
}

func one(k kind) []*results.Result { return []*results.Result{run(k)} }

// What the table shows of a side are the numbers of the report.
func TestSidesAreWhatTheReportSays(t *testing.T) {
	t.Parallel()
	r := run(kind{seconds: 10, rate: 1500, latency: time.Millisecond, seed: 1})
	c := compared(t, []*results.Result{r}, []*results.Result{r})
	d := r.Latency[metric.FromSend]
	for name, want := range map[string]float64{
		"from_send.p50": float64(d.P50), "from_send.p99": float64(d.P99), "from_send.p99.9": float64(d.P999),
		"from_send.max": float64(d.Max), "from_send.mean": float64(d.Mean), "sent_per_s": r.Value(metric.SentPerS), "received_per_s": r.Value(metric.ReceivedPerS),
		"cpu_cores": 0.5,
	} {
		if got := row(t, c, name); math.Abs(float64(got.A)-want) > want*1e-4 || got.B != got.A || got.Verdict == compare.Worse || got.Verdict == compare.Better {
			t.Errorf("%s is %v, want %v: %s", name, got.A, want, got.Verdict)
		}
	}
}

// The moment that messages were on their way at the end is no time of sending, and
// what passes after the last of them none of receiving.
func TestTailOfARun(t *testing.T) {
	t.Parallel()
	r := run(kind{seconds: 6, rate: 1000, latency: time.Millisecond, seed: 1})
	last := &r.Series.Intervals[5]
	last.Seconds, last.T = last.Seconds+0.2, last.T+0.2
	c := compared(t, []*results.Result{r}, []*results.Result{r})
	for name, want := range map[string]float64{"sent_per_s": r.Value(metric.SentPerS), "received_per_s": r.Value(metric.ReceivedPerS)} {
		if got := float64(row(t, c, name).A); math.Abs(got-want) > 1e-3*got {
			t.Errorf("%s is %v/s, want %v/s", name, got, want)
		}
	}
}

// The time in which a broker stood still counts: rates are those of the report.
func TestTimeInWhichABrokerStoodStillCounts(t *testing.T) {
	t.Parallel()
	r := run(kind{seconds: 6, rate: 1000, latency: time.Millisecond, seed: 1})
	n := float64(r.Value(metric.Received))
	// Nothing is sent from 6 s to the end of sending at 7 s, and the last message comes at 9 s.
	for i := range 3 {
		in := series.Interval{T: float64(7+i) + 0.01, Seconds: 1.01 - 0.01*float64(min(i, 1))}
		r.Series.Intervals = append(r.Series.Intervals, in)
	}
	r.Set(metric.Sending, 7)
	r.Set(metric.Receiving, 9)
	c := compared(t, []*results.Result{r}, []*results.Result{r})
	for name, want := range map[string]float64{"sent_per_s": n / 7, "received_per_s": n / 9} {
		if got := float64(row(t, c, name).A); math.Abs(got-want) > 1e-3*got {
			t.Errorf("%s is %v/s, want %v/s", name, got, want)
		}
	}
}

// A second in which nothing came counts as a rate of 0 in a part that only receives, but not the time
// before its first message.
func TestSilenceOfAReceiverCounts(t *testing.T) {
	t.Parallel()
	r := run(kind{seconds: 12, rate: 1000, latency: time.Millisecond, seed: 1})
	r.Plan.Producers = 0
	for i := range r.Series.Intervals {
		if in := &r.Series.Intervals[i]; i < 2 || i >= 5 && i < 9 {
			in.Set(metric.Received, 0)
		}
	}
	n := 0.0
	for i := range r.Series.Intervals {
		n += r.Series.Intervals[i].Value(metric.Received)
	}
	r.Set(metric.ReceivingFrom, 2)
	r.Set(metric.Receiving, 10)
	c := compared(t, []*results.Result{r}, []*results.Result{r})
	if got := float64(row(t, c, "received_per_s").A); math.Abs(got-n/10) > 1e-3*got {
		t.Errorf("%v/s, want %v/s", got, n/10)
	}
}

// The time after a broker has died is planned time: its seconds are not in the series.
func TestPlannedTimeAfterAFailureCounts(t *testing.T) {
	t.Parallel()
	r := run(kind{seconds: 6, rate: 1000, latency: time.Millisecond, seed: 1})
	n := float64(r.Value(metric.Received))
	r.Set(metric.Sending, 14)
	r.Set(metric.Receiving, 14)
	c := compared(t, []*results.Result{r}, []*results.Result{r})
	for name, want := range map[string]float64{"sent_per_s": n / 14, "received_per_s": n / 14, "cpu_cores": 0.5} {
		if got := float64(row(t, c, name).A); math.Abs(got-want) > 1e-3*got {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// A real difference is seen, and its size lies in the interval.
func TestDifferenceIsSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, metric string
		b            kind
		share        compare.Number
		want         compare.Verdict
	}{
		{"slower", "from_send.p99", kind{seconds: 60, rate: 500, latency: 1300 * time.Microsecond, seed: 2}, 0.3, compare.Worse},
		{"faster", "from_send.p50", kind{seconds: 60, rate: 500, latency: 700 * time.Microsecond, seed: 3}, -0.3, compare.Better},
		{"more", "sent_per_s", kind{seconds: 60, rate: 600, latency: time.Millisecond, seed: 4}, 0.2, compare.Better},
		{"less", "received_per_s", kind{seconds: 60, rate: 400, latency: time.Millisecond, seed: 5}, -0.2, compare.Worse},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := row(t, compared(t, one(kind{seconds: 60, rate: 500, latency: time.Millisecond, seed: 1}), one(c.b)), c.metric)
			if r.Verdict != c.want || r.Low > c.share || r.High < c.share || r.High-r.Low > 0.25 {
				t.Errorf("%v to %v, %v: %v", r.Low, r.High, c.share, r.Verdict)
			}
		})
	}
}

func TestTheSameFilesGiveTheSameAnswer(t *testing.T) {
	t.Parallel()
	a, b := one(kind{seconds: 10, rate: 200, latency: time.Millisecond, seed: 1}), one(kind{seconds: 10, rate: 200, latency: time.Millisecond, seed: 2})
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		c, err := compare.Compare(a, b, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.WriteMarkdown(out); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() {
		t.Errorf("%s\n%s", first.String(), second.String())
	}
}

func TestTooShort(t *testing.T) {
	t.Parallel()
	c := compared(t, one(kind{seconds: 3, rate: 100, latency: time.Millisecond, seed: 1}), one(kind{seconds: 3, rate: 200, latency: time.Millisecond, seed: 2}))
	if r := row(t, c, "sent_per_s"); !math.IsNaN(float64(r.Low)) || r.Verdict != compare.TooLittle {
		t.Errorf("%+v", r)
	}
	if _, err := compare.Compare(one(kind{seconds: 3, rate: 100, seed: 1}), one(kind{seconds: 9, rate: 100, seed: 1}), 5); err == nil {
		t.Error("compared with nothing")
	}
	if _, err := compare.Compare(nil, one(kind{seconds: 9, rate: 100, seed: 1}), 0); err == nil {
		t.Error("compared with nobody")
	}
}

func TestSkip(t *testing.T) {
	t.Parallel()
	a := run(kind{seconds: 10, rate: 100, latency: time.Millisecond, seed: 1})
	a.Series.Intervals[0].Set(metric.Sent, 1e6) // a broker's first second
	c, err := compare.Compare([]*results.Result{a}, []*results.Result{a}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r := row(t, c, "sent_per_s"); r.A > 150 {
		t.Errorf("%v/s", r.A)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	base := one(kind{seconds: 30, rate: 500, latency: time.Millisecond, seed: 1})
	slower := one(kind{seconds: 30, rate: 400, latency: 1300 * time.Microsecond, seed: 2, lost: 3})
	same := one(kind{seconds: 30, rate: 500, latency: time.Millisecond, seed: 3})
	worse, equal := compared(t, base, slower), compared(t, base, same)
	short := compared(t, one(kind{seconds: 2, rate: 500, latency: time.Millisecond, seed: 1}), one(kind{seconds: 2, rate: 500, latency: 9 * time.Millisecond, seed: 1}))
	for text, want := range map[string][3]bool{
		"from_send.p99>+10%":    {true, false, true},
		"from_send.p99 > +50 %": {false, false, true},
		"from_send.p99_9>+10%":  {true, false, false},
		"from_send.p50>+200us":  {true, false, true},
		"from_send.p50>+2ms":    {false, false, true},
		"from_send.p50<-0ms":    {false, false, false},
		"from_send.p50>1100us":  {true, false, true},
		"from_send.max>1h":      {false, false, false},
		"sent_per_s<-5%":        {true, false, false},
		"sent_per_s<450":        {true, false, false},
		"lost>0":                {true, false, false},
		"lost>+0":               {true, false, false},
		"confirm.p50>1s":        {true, true, true}, // not measured
	} {
		// What has too few samples counts as failed too.
		if text == "from_send.p99_9>+10%" {
			want[2] = true
		}
		c, err := compare.ParseCondition(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i, all := range []*compare.Comparison{worse, equal, short} {
			if holds, why := c.Holds(all); holds != want[i] {
				t.Errorf("%s of %d: %v, %s", text, i, holds, why)
			}
		}
	}
}

func TestBadConditions(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ">", "lost", "lost>", "lost>x", "lost>+%", "nothing>1", "from_send.p99>10%", "from_send.p99>20", "lost>NaN", "lost>+Inf%", "from_send.p99>>1ms"} {
		if _, err := compare.ParseCondition(text); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	a, b := run(kind{seconds: 1, rate: 100, seed: 1}), run(kind{seconds: 1, rate: 200, seed: 1})
	b.Plan.Seed, b.Plan.PublishTo = 99, "/queue/other"
	if got := compare.Differences(a, b); len(got) != 1 || got[0] != "rate_per_s is 100 and 200" {
		t.Errorf("%q", got)
	}
	b.Plan = a.Plan
	a.Plan.Prefetch = 100 // is not in the JSON form of b
	if got := compare.Differences(a, b); len(got) != 1 || got[0] != "prefetch is 100 and 0" {
		t.Errorf("%q", got)
	}
	if got := compare.Differences(a, a); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	a, b := run(kind{seconds: 2, rate: 100, seed: 1}), run(kind{seconds: 2, rate: 100, seed: 1, lost: 1})
	b.Partial, b.Broker.Server, b.Machines[0].CPUs = true, "X/2", 999
	c := compared(t, []*results.Result{a}, []*results.Result{b})
	got := strings.Join(slices.Concat(c.Warnings, c.Notes), "\n")
	for _, want := range []string{"B has a run that ended", "do not balance", "the broker differs", "the machine differs", "one run a side", "needs 20 intervals"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestWritten(t *testing.T) {
	t.Parallel()
	c := compared(t, one(kind{seconds: 25, rate: 500, latency: time.Millisecond, seed: 1}), one(kind{seconds: 25, rate: 500, latency: 5 * time.Millisecond, seed: 2}))
	var table bytes.Buffer
	if err := c.WriteMarkdown(&table); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(table.String(), "\n")
	for _, want := range []string{"| from_send.p50 ", "× ", "worse", "no difference seen", " ms |", "/s |"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is missing in\n%s", want, table.String())
		}
	}
	lines = lines[2:] // after the conclusion
	for _, line := range lines[1:10] {
		if len([]rune(line)) != len([]rune(lines[0])) || strings.Count(line, "|") != 7 {
			t.Errorf("not aligned: %s", line)
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Metrics []struct {
			Name               string
			A, B, Share        *float64
			Low, High, Verdict any
		}
	}
	if err := json.Unmarshal(text, &got); err != nil || len(got.Metrics) < 10 || *got.Metrics[0].A < 400 {
		t.Errorf("%v %s", err, text)
	}
}
