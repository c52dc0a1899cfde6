package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
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
)

// searched returns a search up to a knee of 50,000, in which 44.5k flipped and the
// generator failed once; a rate above the ceiling the generator fails each time.
func searched(t *testing.T, cfg find.Config, knee, ceiling float64) *page.Search {
	t.Helper()
	tries := 0
	r, err := find.Search(t.Context(), cfg, func(_ context.Context, rate float64) ([]find.Rule, find.Point, error) {
		tries++
		p := find.Point{
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
		return []find.Rule{{Name: "the rate is kept (1/s)", Met: true}, {Name: "from_due.p99<100ms (1 ms)", Met: met}}, p, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &page.Search{
		Schema: 1, Tool: "stompbench find", Version: "v1", StartedAt: time.Unix(1_800_000_000, 0), Broker: "stomp://guest:***@h:1",
		SLO: "from_due.p99<100ms", DwellSec: 3, Within: cfg.Within, Repeats: cfg.Repeats, Result: r,
	}
}

var searchConfig = find.Config{From: 1000, To: 1e6, Within: 0.1, Repeats: 2, Budget: time.Hour}

// The page has a mark for each step, repeats included, a ring where a rate is
// undecided, and the band in which the knee lies.
func TestSearchPage(t *testing.T) {
	s := searched(t, searchConfig, 50_000, math.Inf(1))
	var out bytes.Buffer
	if err := page.WriteSearch(&out, s); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	passed, failed, void, rings := 0, 0, 0, 0
	for i := range s.Steps {
		switch st := &s.Steps[i]; st.Verdict() {
		case find.Passed:
			passed++
		case find.Failed:
			failed++
		default:
			void++
		}
		if s.At(s.Steps[i].Rate).Verdict == find.Undecided {
			rings++
		}
	}
	if passed == 0 || failed == 0 || void != 1 || rings == 0 {
		t.Fatalf("%d passed, %d failed, %d void, %d rings", passed, failed, void, rings)
	}
	for part, want := range map[string]int{
		`<circle class="pass"`: passed, `<path class="fail"`: failed, `<path class="generator"`: void, `<circle class="ring"`: rings,
		`<rect class="band"`: 1, `<path class="likely"`: 1, `<script`: 0, "NaN": 0, "ZgotmplZ": 0, "<receipts>": 0,
		"default-src 'none'; style-src ": 1, "90 % sure": 3, "try 3 of 3": 2, "Partial": 0,
	} {
		if got := strings.Count(text, part); got != want {
			t.Errorf("%q is there %d times, want %d", part, got, want)
		}
	}
	drawing := text[strings.Index(text, `<svg class="knee"`):]
	drawing = drawing[:strings.Index(drawing, "</svg>")+len("</svg>")]
	for dec := xml.NewDecoder(strings.NewReader(drawing)); ; {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range regexp.MustCompile(`c?x="(-?[\d.]+)"`).FindAllStringSubmatch(drawing, -1) {
		if len(m[1]) > 6 || m[1][0] == '-' {
			t.Errorf("a mark is at %s", m[0])
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
		"nothing":                   {searchConfig, 0.1, 1e9, nil, []string{"the knee is below ", "no rate that was tried meets"}, nil},
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
		"":                           "not a search",
		"[]":                         "not a search",
		"{}":                         "not a search",
		`{"tool": "stompbench"}`:     "not a search",
		`{"tool":"stompbench find"}`: "not a search",
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
