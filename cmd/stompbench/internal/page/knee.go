package page

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/find"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// knee is the plot of a search: p99 over the rate, both on a logarithmic scale, with a mark for
// each step. The marks of repeats are side by side.
type knee struct {
	Width, Height            int
	Left, Right, Top, Bottom float64
	X, Y                     []tick
	Band                     *band
	Line                     string // through the middle of each rate's p99
	Marks                    []mark
	Label                    string // in words
}

type tick struct {
	At   float64
	Text string
}

// band is where the knee lies.
type band struct{ X, Width, Likely float64 }

// mark is one step.
type mark struct {
	X, Y float64
	Kind string // pass, fail, generator: the shape
	Open bool   // at an undecided rate
	Text string
}

// beside is the distance, in pixels, between the marks of repeats.
const beside = 7

// kneeOf computes the plot; nil for fewer than two rates with a latency.
func kneeOf(s *Search) *knee {
	k := &knee{Width: 720, Height: 340, Left: 62, Right: 700, Top: 24, Bottom: 300}
	x, y := scale{from: k.Left + 14, to: k.Right - 14}, scale{from: k.Bottom - 10, to: k.Top + 8}
	for i := range s.Steps {
		if st := &s.Steps[i]; st.P99 > 0 {
			x.add(st.Rate)
			y.add(float64(st.P99))
		}
	}
	if !(x.low < x.high) {
		return nil
	}
	x.widen()
	y.widen()
	k.X = x.ticks(6, report.PerSecond)
	k.Y = y.ticks(5, func(ns float64) string { return report.Duration(time.Duration(ns)) })
	k.Band = bandOf(&s.Knee, &x, k)
	k.addMarks(s, &x, &y)
	k.Label = fmt.Sprintf("p99 over the rate, %d steps from %s/s to %s/s; %s", len(s.Steps),
		report.PerSecond(s.Rates[0].Rate), report.PerSecond(s.Rates[len(s.Rates)-1].Rate), s.Headline())
	return k
}

func bandOf(k *find.Knee, x *scale, plot *knee) *band {
	if k.Low == 0 && k.High == 0 {
		return nil
	}
	low, high := plot.Left, plot.Right
	if k.Low > 0 {
		low = min(max(x.at(k.Low), low), high)
	}
	if k.High > 0 {
		high = max(min(x.at(k.High), high), low)
	}
	b := &band{X: round(low, 1), Width: round(max(1, high-low), 1)}
	if k.Likely > 0 {
		b.Likely = round(x.at(k.Likely), 1)
	}
	return b
}

func (k *knee) addMarks(s *Search, x, y *scale) {
	var line []string
	for _, rate := range s.Rates {
		var here []*find.Step
		for i := range s.Steps {
			if st := &s.Steps[i]; st.Rate == rate.Rate && st.P99 > 0 {
				here = append(here, st)
			}
		}
		var all []int64
		for i, st := range here {
			all = append(all, st.P99)
			off := beside * (float64(i) - float64(len(here)-1)/2)
			k.Marks = append(k.Marks, mark{
				X: round(x.at(st.Rate)+off, 1), Y: round(y.at(float64(st.P99)), 1), Kind: string(st.Verdict()), Open: rate.Verdict == find.Undecided,
				Text: fmt.Sprintf("%s at %s/s, try %d of %d: p99 %s", st.Verdict(), report.PerSecond(st.Rate), i+1, len(here), report.Duration(time.Duration(st.P99))),
			})
		}
		if len(all) > 0 {
			slices.Sort(all)
			line = append(line, fmt.Sprintf("%.1f %.1f", x.at(rate.Rate), y.at(float64(all[len(all)/2]))))
		}
	}
	k.Line = "M" + strings.Join(line, "L")
}

// scale maps values to pixels, logarithmically. The zero value of low and high is none.
type scale struct {
	from, to  float64
	low, high float64
}

func (s *scale) add(v float64) {
	if s.low == 0 || v < s.low {
		s.low = v
	}
	s.high = max(s.high, v)
}

// widen adds some space around a single value.
func (s *scale) widen() {
	if s.low == s.high {
		s.low, s.high = s.low/2, s.high*2
	}
}

func (s *scale) at(v float64) float64 {
	return s.from + (s.to-s.from)*math.Log(v/s.low)/math.Log(s.high/s.low)
}

// ticks returns round numbers within the scale: 1, 2 and 5 times powers of ten, or fewer if there
// are more than most of them; the ends, if there are none.
func (s *scale) ticks(most int, write func(float64) string) (all []tick) {
	for _, factors := range [][]float64{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 5}, {1}} {
		all = nil
		for power := math.Pow(10, math.Floor(math.Log10(s.low))); power <= s.high; power *= 10 {
			for _, f := range factors {
				if v := f * power; v >= s.low*0.999 && v <= s.high*1.001 {
					all = append(all, tick{round(s.at(v), 1), write(v)})
				}
			}
		}
		if len(all) <= most {
			break
		}
	}
	if len(all) > most { // many powers of ten
		step := (len(all) + most - 1) / most
		var few []tick
		for i := 0; i < len(all); i += step {
			few = append(few, all[i])
		}
		all = few
	}
	if len(all) < 2 {
		all = []tick{{round(s.at(s.low), 1), write(s.low)}, {round(s.at(s.high), 1), write(s.high)}}
	}
	return all
}
