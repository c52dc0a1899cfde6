package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// searched returns a search up to a knee of 50,000, in which 44.5k flipped and the
// generator failed once; a rate above the ceiling the generator fails each time.
func searched(t *testing.T, cfg find.Config, knee, ceiling float64) *page.Search {
	t.Helper()
	tries := 0
	r, err := find.Search(t.Context(), cfg, func(_ context.Context, rate float64) (find.Step, error) {
		tries++
		p := find.Step{
			SentPerSecond: min(rate, knee), P50: 1e6, P99: int64(1e6 * math.Exp(min(9, 3*rate/knee))), Max: 1e9, Of: "from_due",
			LimitedBy: "broker", Why: "producers waited for <receipts>",
		}
		met := rate <= knee
		switch {
		case rate > ceiling, tries == 3:
			p.LimitedBy, p.Why, p.GeneratorLimited, met = "generator", "this process used all processors", true, false
		case tries == 9:
			met = false
		}
		p.Rules = []find.Rule{{Name: "the rate is kept (1/s)", Met: true}, {Name: "from_due.p99<100ms (1 ms)", Met: met}}
		return p, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &page.Search{
		Head: results.Head{Schema: 1, Tool: "stompbench find", Version: "v1"}, StartedAt: time.Unix(1_800_000_000, 0), Broker: "stomp://guest:***@h:1",
		Searching: page.Searching{SLO: "from_due.p99<100ms", DwellSec: 3, Within: cfg.Within, Repeats: cfg.Repeats}, Result: r,
	}
}

var searchConfig = find.Config{From: 1000, To: 1e6, Within: 0.1, Repeats: 2, Budget: time.Hour}

// The data of the plot has a mark for each step, repeats included, an open one where a rate is
// undecided, and the bounds of the knee; the page says the rest in text.
func TestSearchPage(t *testing.T) {
	s := searched(t, searchConfig, 50_000, math.Inf(1))
	var out bytes.Buffer
	if err := page.WriteSearch(&out, s); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	want := map[string]int{}
	for i := range s.Steps {
		want[string(s.Steps[i].Verdict())]++
		if s.At(s.Steps[i].Rate).Verdict == find.Undecided {
			want["open"]++
		}
	}
	if want["pass"] == 0 || want["fail"] == 0 || want["generator"] != 1 || want["open"] == 0 {
		t.Fatal(want)
	}
	data := regexp.MustCompile(`id="data">(.*)</script>`).FindStringSubmatch(text)
	var plot struct {
		Knee []struct {
			Y []float64
		}
		Spans []struct{ From, To float64 }
	}
	if err := json.Unmarshal([]byte(data[1]), &plot); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for i, name := range []string{"middle", "pass", "fail", "generator", "open"} {
		got[name] = len(plot.Knee[i].Y)
	}
	want["middle"] = len(s.Rates)
	if !maps.Equal(got, want) || len(plot.Spans) != 1 || plot.Spans[0].From != s.Knee.Low || plot.Spans[0].To != s.Knee.High {
		t.Errorf("%v, want %v; %+v", got, want, plot.Spans)
	}
	for part, want := range map[string]int{"NaN,": 0, "ZgotmplZ": 0, "<receipts>": 0, "90 % sure": 2, "Partial": 0, ">Passed<": 1} {
		if got := strings.Count(text, part); got != want {
			t.Errorf("%q is there %d times, want %d", part, got, want)
		}
	}
}

// The outcomes of a search are worded so that they cannot be confused.
func TestFindings(t *testing.T) {
	low := searchConfig
	low.To = 8000
	for name, c := range map[string]struct {
		cfg           find.Config
		knee, ceiling float64
		edit          func(*page.Search)
		says, not     []string
	}{
		"a knee": {searchConfig, 50_000, math.Inf(1), nil, []string{
			"the knee is between ", " failed all 3 times: not from_due.p99<100ms (1 ms); limited by broker", "is undecided: it passed 1 of 2 times",
		}, []string{"generate", "PARTIAL", "raise"}},
		"the generator": {searchConfig, 1e9, 50_000, nil, []string{
			"the knee is above ", "because of the generator, which says nothing about the broker", "the broker may be able to do more",
		}, []string{"between"}},
		"nothing but the generator": {searchConfig, 1e9, 0.5, nil, []string{"nothing is known of the broker", "no rate that was tried meets"}, nil},
		"the top":                   {low, 1e9, 1e9, nil, []string{"the knee is above ", "there is no knee up to 8,000/s, the highest rate to try: raise --to"}, nil},
		"no steps": {low, 1e9, 1e9, func(s *page.Search) {
			s.Steps = nil
			s.Tally(low.Within)
		}, []string{"no rate was tried"}, []string{"raise"}},
		"nothing": {searchConfig, 0.1, 1e9, nil, []string{"the knee is below ", "no rate that was tried meets"}, nil},
		"the schedule": {searchConfig, 50_000, math.Inf(1), func(s *page.Search) {
			for i := range s.Steps {
				s.Steps[i].LimitedBy = "schedule"
			}
		}, []string{"the rate was kept and nothing was at its limit"}, nil},
		"it broke off":    {searchConfig, 50_000, math.Inf(1), func(s *page.Search) { s.Partial, s.Failure = true, "it is gone" }, []string{"PARTIAL RESULT: it is gone"}, nil},
		"interrupted":     {searchConfig, 50_000, math.Inf(1), func(s *page.Search) { s.Partial = true }, []string{"PARTIAL RESULT: interrupted"}, nil},
		"the time was up": {searchConfig, 50_000, math.Inf(1), func(s *page.Search) { s.Ended = find.TimeUp }, []string{"raise --max-time"}, nil},
	} {
		s := searched(t, c.cfg, c.knee, c.ceiling)
		if c.edit != nil {
			c.edit(s)
		}
		text := strings.Join(s.Findings(), "\n")
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, text)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q is in\n%s", name, not, text)
			}
		}
		if err := page.WriteSearch(io.Discard, s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is no search is refused in one sentence; what is one is read as it was written.
func TestReadSearch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "find.json")
	read := func(text string) (*page.Search, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return page.ReadSearch(path)
	}
	for text, says := range map[string]string{
		"":                           "not a result of stompbench find",
		"[]":                         "not a result of stompbench find",
		"{}":                         "not a result of stompbench find",
		`{"tool": "stompbench"}`:     "not a result of stompbench find",
		`{"tool":"stompbench find"}`: "its schema is 0",
		`{"tool":"stompbench find","schema":2,"steps":[]}`:                             "its schema is 2",
		`{"tool":"stompbench find","schema":1,"steps":[{"rate_per_s":0,"pass":true}]}`: "step 1 has a rate of 0",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", text, err)
		}
	}
	want := searched(t, searchConfig, 50_000, math.Inf(1))
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(string(text))
	if err != nil || !slices.Equal(got.Findings(), want.Findings()) || got.Knee != want.Knee {
		t.Errorf("%v, %+v", err, got)
	}
	// Steps that nothing measured are shown for what they are.
	empty, err := read(`{"tool":"stompbench find","schema":1,"steps":[{"rate_per_s":1e308,"pass":true},{"rate_per_s":1e-300}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := page.WriteSearch(io.Discard, empty); err != nil {
		t.Error(err)
	}
}
