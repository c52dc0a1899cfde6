package page

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// A find.json has these in its head.
const (
	searchTool   = "stompbench find"
	searchSchema = 1
)

// Search is a search for the knee in the form in which it is written out, as find.json.
type Search struct {
	results.Head
	StartedAt time.Time `json:"started_at"`
	Broker    string    `json:"broker"` // without the password
	Embedded  bool      `json:"embedded"`
	Searching
	*find.Result
}

// Searching is what is searched for, and how.
type Searching struct {
	SLO      string       `json:"slo"`
	DwellSec float64      `json:"dwell_s"`
	Within   float64      `json:"within"`
	Repeats  int          `json:"repeats"`
	Plan     results.Plan `json:"plan"` // of each step, except its rate
}

// maxSearch bounds a find.json, in bytes: 1,000 steps take less than one MB.
const maxSearch = 64 << 20

// ReadSearch reads a find.json. Everything that follows from the steps is computed again, so that a
// damaged or hand-written file cannot contradict its steps.
func ReadSearch(path string) (*Search, error) {
	s := new(Search)
	return s, results.ReadObject(path, searchTool, searchSchema, maxSearch, s, func() error {
		if s.Result == nil {
			return errors.New("there are no steps")
		}
		for i := range s.Steps {
			if !(s.Steps[i].Rate > 0) {
				return fmt.Errorf("step %d has a rate of %v", i+1, s.Steps[i].Rate)
			}
		}
		s.Tally(s.Within)
		return nil
	})
}

// WriteSearch writes the page of a search.
func WriteSearch(w io.Writer, s *Search) error {
	v := &view{Title: s.headline(), Tool: searchTool, Search: s, Outcome: ended(s.ExitCode), Data: kneeOf(s)}
	v.Outcome.Why = s.warnings()
	return templates.ExecuteTemplate(w, "page.tmpl", v)
}

// kneeOf returns the plot of a search: the rate and the p99 in microseconds of its steps. Repeats of a
// rate are side by side.
func kneeOf(s *Search) plots {
	all := []line{
		{Label: "the middle of each rate", Color: "c7"},
		{Label: "passed", Color: "good", Look: "full"},
		{Label: "failed", Color: "bad", Look: "open"},
		{Label: "failed by the generator: says nothing of the broker", Color: "c7", Look: "open"},
		{Label: "at an undecided rate", Color: "c4", Look: "ring"},
	}
	for _, rate := range s.Rates {
		steps := slices.DeleteFunc(slices.Clone(rate.Steps), func(st *find.Step) bool { return st.P99 <= 0 })
		slices.SortFunc(steps, func(a, b *find.Step) int { return cmp.Compare(a.P99, b.P99) })
		for i, st := range steps {
			x := rate.Rate * (1 + 0.015*(float64(i)-float64(len(steps)-1)/2))
			v := st.Verdict()
			for k, is := range []bool{i == len(steps)/2, v == find.Passed, v == find.Failed, v == find.Generator, rate.Verdict == find.Undecided} {
				if is {
					all[k].X, all[k].Y = append(all[k].X, x), append(all[k].Y, *micros(st.P99, false))
				}
			}
		}
	}
	p := plots{Knee: slices.DeleteFunc(all, func(l line) bool { return len(l.X) == 0 }), Spans: []shading{}}
	if len(p.Knee) == 0 {
		return p
	}
	p.Whole = [2]float64{slices.Min(p.Knee[0].X) / 1.1, slices.Max(p.Knee[0].X) * 1.1}
	if low, high := s.Knee.Low, s.Knee.High; low > 0 || high > 0 {
		p.Spans = append(p.Spans, shading{cmp.Or(low, p.Whole[0]), cmp.Or(high, p.Whole[1]), "the knee", "knee"})
	}
	return p
}
