package slo_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// measured are metrics and latencies from due.
type measured struct {
	metric.Values
	fromDue *histo.Histogram
}

func (m *measured) Histogram(l metric.Latency) *histo.Histogram {
	if l == metric.FromDue {
		return m.fromDue
	}
	return histo.New()
}

func facts() *measured {
	m := &measured{fromDue: histo.New()}
	for us := range int64(1000) {
		m.fromDue.Record((us + 1) * 10_000) // 10 µs to 10 ms
	}
	for id, x := range map[metric.ID]float64{
		metric.Lost: 0, metric.Sent: 12_000, metric.SentPerS: 9_999, metric.LostShare: 0.001,
		metric.BacklogSlope: -12.5, metric.BacklogSlopeShare: 0.015,
	} {
		m.Set(id, x)
	}
	return m
}

func TestJudge(t *testing.T) {
	for text, met := range map[string]bool{
		"lost=0":                            true,
		"lost==0":                           true,
		"lost<=0":                           true,
		"lost<1":                            true,
		"lost>0":                            false,
		"sent=12k":                          true,
		"sent>=12000":                       true,
		"sent>12K":                          false,
		"sent_per_s>=10k":                   false,
		"sent_per_s>9.9k/s":                 true,
		"sent_per_s>0.009M":                 true,
		"lost_share<0.2%":                   true,
		"lost_share<0.0002":                 false,
		"from_due.p50<5100us":               true,
		"from_due.p50<4.9ms":                false,
		"from_due.p99<=9.95ms":              true,
		"from_due.max<9.9ms":                false,
		"from_due.max<11ms":                 true,
		"from_due.mean<6ms":                 true,
		"from_due.p99_9<11ms":               true,
		"from_due.p99.9<300µs":              false,
		" lost = 0 , from_due.p90 < 20 ms ": true,
		"lost=0,from_due.p90<1ms":           false,
		"from_due.p90<1ms,lost=0":           false,
		"backlog.slope<=0":                  true,
		"backlog.slope<0/s":                 true,
		"backlog.slope>=-10":                false,
		"backlog.slope>=-0.0125k/s":         true,
		"backlog.slope_share<=2%":           true,
		"backlog.slope_share<=0.01":         false,
		"backlog.slope_share<-1%":           false,
		// What was not measured was not achieved.
		"confirm.p99<1h":   false,
		"from_send.p99<1h": false,
		"duplicated=0":     false,
	} {
		s, err := slo.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := slo.Met(s.Judge(facts())); got != met {
			t.Errorf("%s: met is %v", text, got)
		}
		if want := strings.ReplaceAll(text, " ", ""); s.String() != want {
			t.Errorf("%q is written %q", text, s.String())
		}
	}
}

// A percentile among lower bounds may be any longer, so it meets no limit from above.
func TestLowerBoundsMeetNoLimit(t *testing.T) {
	f := facts()
	f.fromDue.RecordAtLeast(int64(20*time.Millisecond), 20)
	for text, want := range map[string]struct{ atLeast, met bool }{
		"from_due.p50<1s": {false, true}, "from_due.p99<1s": {true, false}, "from_due.p99<=1s": {true, false}, "from_due.max<1s": {true, false},
		"from_due.mean<1s": {true, false}, "from_due.p99<1ms": {true, false}, "from_due.p99>10ms": {true, true}, "from_due.p99>1s": {true, false}, "lost=0": {false, true},
	} {
		s, err := slo.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if o := s.Judge(f)[0]; o.AtLeast != want.atLeast || o.Met != want.met {
			t.Errorf("%s: %+v, want %+v", text, o, want)
		}
	}
}

func TestOutcome(t *testing.T) {
	s, err := slo.Parse("from_due.p99.9<1s,from_due.p99<1s,lost=0,confirm.max<1s")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Judge(facts())
	for i, want := range []struct{ known, shaky, met bool }{
		{true, true, true}, {true, false, true}, {true, false, true}, {false, false, false},
	} {
		if o := got[i]; (o.Value != nil) != want.known || o.Shaky != want.shaky || o.Met != want.met {
			t.Errorf("%s: %+v, want %+v", &o.Condition, o, want)
		}
	}
	if v := time.Duration(*got[1].Value); v < 9800*time.Microsecond || v > 10*time.Millisecond {
		t.Errorf("p99 is %v", v)
	}
	if !slo.Met(nil) {
		t.Error("no condition is not met")
	}
}

// How much of a limit was used is what tells the condition that is nearest to it.
func TestUsed(t *testing.T) {
	for text, want := range map[string]float64{
		"sent<24k": 0.5, "sent<=6k": 2, "sent>6k": 0.5, "sent>=24k": 2, "lost=0": 0, "lost<5": 0, "lost<=0": 0,
		"backlog.slope<=0": 0, "backlog.slope>=-25": 0, "backlog.slope_share<=3%": 0.5, "confirm.p99<1s": 0,
	} {
		s, err := slo.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Judge(facts())[0].Used(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// A condition can be asked of another latency.
func TestOn(t *testing.T) {
	s, err := slo.Parse("from_due.p99_9<=20ms,lost=0,confirm.max<1s")
	if err != nil {
		t.Fatal(err)
	}
	c, ok := s[0].On("send_delay")
	if !ok || c.String() != "send_delay.p99_9<=20ms" || c.Metric() != "send_delay.p99_9" || c.Limit != 20e6 || s[0].String() != "from_due.p99_9<=20ms" {
		t.Errorf("%v, %+v", ok, c)
	}
	if _, ok := s[1].On("confirm"); ok {
		t.Error("a count is no latency")
	}
	c, _ = s[2].On("from_due")
	if o := (slo.SLO{c}).Judge(facts())[0]; !o.Met {
		t.Errorf("%+v", o)
	}
}

// What is wrong is said with the condition and with what to write instead.
func TestParseErrors(t *testing.T) {
	for text, says := range map[string]string{
		"":                          "empty condition",
		"lost=0,":                   "empty condition",
		"lost=0,,sent>1":            "empty condition",
		"lost":                      "compares nothing",
		"lost=":                     "number of messages",
		"lost=-1":                   "number of messages",
		"lost=zero":                 "number of messages",
		"lost=0x10":                 "number of messages",
		"lost!=0":                   "!= is not an operator",
		"lost=<0":                   "=< is not an operator",
		"=0":                        "name a metric",
		"losses=0":                  "did you mean lost?",
		"from-due.p99<1ms":          "did you mean from_due.p99?",
		"zzz=0":                     "there are sent, unsent",
		"from_due<1ms":              "from_due.p99",
		"from_due.p100<1ms":         "between 0 and 100",
		"from_due.p0<1ms":           "between 0 and 100",
		"from_due.p-1<1ms":          "between 0 and 100",
		"from_due.p1e1<1ms":         "between 0 and 100",
		"from_due.median<1ms":       "not a statistic",
		"from_due.p99<20":           "with its unit",
		"from_due.p99<-1ms":         "with its unit",
		"from_due.p99<1ms<2ms":      "with its unit",
		"sent_per_s>=10k/m":         "messages a second",
		"lost_share<x%":             "a share",
		"backlog<1":                 "there is no metric \"backlog\": did you mean",
		"backlog.slope<1%":          "messages a second",
		"backlog.slope<--1":         "messages a second",
		"backlog.slope_share<1/s":   "a share",
		"lost=0;sent>1":             "number of messages",
		"sent_per_s>99999999e99999": "messages a second",
	} {
		_, err := slo.Parse(text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want something about %q", text, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: not one line: %q", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"lost=0", "from_due.p99<20ms,sent_per_s>=10k", "a.b=c", "backlog.slope<=-1k/s", "backlog.slope_share>-2%", "<>=", "lost_share<1%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := slo.Parse(text)
		if err != nil {
			return
		}
		again, err := slo.Parse(s.String())
		if err != nil || again.String() != s.String() {
			t.Errorf("%q was read as %q, and that as %q, %v", text, s, again, err)
		}
		_ = s.Judge(facts())
	})
}

// Every name is one that a condition can begin with, once.
func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range slo.Names() {
		if _, err := slo.Parse(name + "<1ms"); err != nil {
			if _, err = slo.Parse(name + "<1"); err != nil {
				t.Error(err)
			}
		}
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	for _, d := range metric.With(metric.ForSLO) {
		if s, err := slo.Parse(d.Name + "=0"); err != nil || s[0].Def != d {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}
