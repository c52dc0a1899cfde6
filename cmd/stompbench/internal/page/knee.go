package page

import (
	"cmp"
	"io"
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
)

// WriteSearch writes the page of a search.
func WriteSearch(w io.Writer, s *Search) error {
	v := &view{Title: s.Headline(), Tool: SearchTool, Search: s, Outcome: wordsOf(s.ExitCode), Data: kneeOf(s)}
	v.Outcome.Why = s.warnings()
	return v.write(w)
}

// marks are a line of the plot of a search, or points: the rate and the p99 in microseconds of steps.
type marks struct {
	Label string    `json:"label"`
	Color string    `json:"color"`
	Look  string    `json:"look"`
	X     []float64 `json:"x"`
	Y     []float64 `json:"y"`
}

// kneeOf returns the plot of a search. Repeats of a rate are side by side.
func kneeOf(s *Search) (p plots) {
	all := []marks{
		{Label: "the middle of each rate", Color: "c7"},
		{Label: "passed", Color: "good", Look: "full"},
		{Label: "failed", Color: "bad", Look: "open"},
		{Label: "failed by the generator: says nothing of the broker", Color: "c7", Look: "open"},
		{Label: "at an undecided rate", Color: "c4", Look: "ring"},
	}
	for _, rate := range s.Rates {
		steps := slices.DeleteFunc(s.StepsAt(rate.Rate), func(st *find.Step) bool { return st.P99 <= 0 })
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
	p.Knee = slices.DeleteFunc(all, func(m marks) bool { return len(m.X) == 0 })
	p.Spans = []shading{}
	if len(p.Knee) == 0 {
		return p
	}
	p.Whole = [2]float64{slices.Min(p.Knee[0].X) / 1.1, slices.Max(p.Knee[0].X) * 1.1}
	if low, high := s.Knee.Low, s.Knee.High; low > 0 || high > 0 {
		p.Spans = append(p.Spans, shading{cmp.Or(low, p.Whole[0]), cmp.Or(high, p.Whole[1]), "the knee", "knee"})
	}
	return p
}
