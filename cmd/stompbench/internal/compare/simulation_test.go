package compare_test

import (
	"math"
	"math/rand/v2"
	"sync"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/machine"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

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
var packed sync.Map // tests are parallel

func second(slowness float64, variant int) *series.Latency {
	key := [2]int{int(math.Round(500 * math.Log(slowness))), variant}
	if l, ok := packed.Load(key); ok {
		return l.(*series.Latency)
	}
	random, h := rand.New(rand.NewPCG(uint64(variant), 3)), histo.New()
	for range 200 {
		h.Record(int64(1e6 * math.Exp(float64(key[0])/500) * (1 + random.ExpFloat64())))
	}
	l := &series.Latency{Count: h.Count(), HDR: h.Pack()}
	packed.Store(key, l)
	return l
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
