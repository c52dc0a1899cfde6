package compare_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/machine"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

var pairs = flag.Int("pairs", 0, "simulate so many pairs of sides in each case, and print the table of docs/results.md")

// world makes runs whose seconds vary by 5 % around their mean, as an autoregression of the first
// order, and whose means vary from run to run.
type world struct {
	*rand.Rand
	rho, betweenRuns float64
	seconds          int
}

// walk returns a function that yields the next value of an autoregression around 1.
func (w *world) walk() func() float64 {
	z, mean := w.NormFloat64(), 1+w.betweenRuns*w.NormFloat64()
	return func() float64 {
		now := z
		z = w.rho*z + math.Sqrt(1-w.rho*w.rho)*w.NormFloat64()
		return mean * (1 + 0.05*now)
	}
}

// packed are histograms of a second, by how slow it was and a variant: making one takes longer than
// comparing it.
var packed = map[[2]int]*series.Latency{}

func second(slowness float64, variant int) *series.Latency {
	key := [2]int{int(math.Round(500 * math.Log(slowness))), variant}
	if l := packed[key]; l != nil {
		return l
	}
	random, h := rand.New(rand.NewPCG(uint64(variant), 3)), histo.New()
	for range 200 {
		h.Record(int64(1e6 * math.Exp(float64(key[0])/500) * (1 + random.ExpFloat64())))
	}
	packed[key] = &series.Latency{Count: h.Count(), HDR: h.Pack()}
	return packed[key]
}

// run returns a run with these rates, latencies and costs, relative to others.
func (w *world) run(factor float64) *results.Result {
	r := &results.Result{Data: &results.Data{Machines: make([]machine.Machine, 1)}}
	r.Plan = results.Plan{Producers: 1, Consumers: 1}
	r.Set(metric.Sending, float64(w.seconds))
	r.Set(metric.Receiving, float64(w.seconds))
	rate, slowness, cost := w.walk(), w.walk(), w.walk()
	for i := range w.seconds {
		speed, slow := rate(), slowness()
		in := series.Interval{T: float64(i + 1), Seconds: 1, Sending: true,
			Latency: series.Latencies{metric.FromDue: second(slow*factor, w.IntN(8))}}
		in.Set(metric.Sent, math.Round(10000*speed*factor))
		in.Set(metric.Received, math.Round(10000*speed*factor))
		in.Set(metric.CPU, 0.5*cost()*speed*factor*factor)
		r.Series.Intervals = append(r.Series.Intervals, in)
	}
	return r
}

func (w *world) side(runs int, factor float64) (all []*results.Result) {
	for range runs {
		all = append(all, w.run(factor))
	}
	return all
}

// found counts in how many of the pairs each metric alone, and the main metrics together, show a
// difference.
type found map[string]int

func (f found) share(name string, pairs int) float64 { return 100 * float64(f[name]) / float64(pairs) }

const together = "together"

func (w *world) compare(tb testing.TB, runsA, runsB, pairs int, factor float64) found {
	f := found{}
	for range pairs {
		c, err := compare.Compare(w.side(runsA, 1), w.side(runsB, factor), 0)
		if err != nil {
			tb.Fatal(err)
		}
		for i := range c.Rows {
			if r := &c.Rows[i]; r.Low > 0 || r.High < 0 {
				f[r.Name]++
			}
		}
		if strings.HasPrefix(c.Conclusion, "B is") {
			f[together]++
		}
	}
	return f
}

var shown = []string{"sent_per_s", "cpu_per_message", "from_due.p50", "from_due.p99", together}

type cell struct {
	rho, betweenRuns     float64
	seconds, runs, runsB int
}

func (c *cell) String() string {
	return fmt.Sprintf("%.1f | %d s | %d and %d | %.0f %%", c.rho, c.seconds, c.runs, c.runsB, 100*c.betweenRuns)
}

func cells(big bool) (all []cell) {
	lengths := []int{30, 60, 120}
	if big {
		lengths = []int{20, 30, 60, 120, 600}
	}
	for _, rho := range []float64{0, 0.4, 0.8} {
		for _, seconds := range lengths {
			all = append(all, cell{rho, 0, seconds, 1, 1})
		}
	}
	all = append(all, cell{0.4, 0.05, 30, 3, 3})
	if big {
		all = append(all, cell{0.4, 0.05, 60, 2, 2}, cell{0.4, 0.05, 60, 3, 3}, cell{0.4, 0.05, 60, 5, 5}, cell{0.4, 0.05, 60, 10, 10}, cell{0.4, 0.05, 60, 20, 20},
			cell{0.4, 0.05, 60, 1, 3}, cell{0.4, 0.05, 60, 1, 5}, cell{0.8, 0, 60, 3, 3}, cell{0.8, 0.01, 60, 3, 3}, cell{0.8, 0.01, 60, 5, 5})
	}
	return all
}

// Equal sides differ "with a confidence of 95 %" in about one of twenty comparisons, however alike
// neighbouring seconds are and however much runs vary. The seeds are fixed.
func TestEqualSidesSeldomDiffer(t *testing.T) {
	n, most := *pairs, 7.0
	if n == 0 {
		n, most = 60, 10.0 // 5 % of 60 are 3 ± 1.7
	}
	for _, c := range cells(*pairs > 0) {
		w := &world{rand.New(rand.NewPCG(uint64(1000*c.rho)+uint64(c.seconds), uint64(c.runs))), c.rho, c.betweenRuns, c.seconds}
		equal := w.compare(t, c.runs, c.runsB, n, 1)
		line := "| " + c.String() + " |"
		for _, name := range shown {
			line += fmt.Sprintf(" %.1f |", equal.share(name, n))
			if equal.share(name, n) > most && c.seconds >= 30 {
				t.Errorf("%s: %s differs in %d of %d pairs of equals", c.String(), name, equal[name], n)
			}
		}
		if *pairs > 0 {
			real := w.compare(t, c.runs, c.runsB, n/2, 1.05)
			for _, name := range shown {
				line += fmt.Sprintf(" %.0f |", real.share(name, n/2))
			}
			t.Log(line)
		}
	}
}
