package histo_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Three digits: within a thousandth of the sorted samples.
func TestPercentilesAgainstSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	h := histo.New()
	var all []int64
	for range 50_000 {
		ns := int64(math.Exp(r.NormFloat64()*2 + 13))
		all = append(all, ns)
		h.Record(ns)
	}
	slices.Sort(all)
	for _, p := range []float64{50, 90, 99, 99.9, 100} {
		want := float64(all[int(math.Round(p*float64(len(all))/100))-1])
		got := float64(h.Percentile(p))
		if math.Abs(got-want) > want/1000+1 {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
	if h.Count() != 50_000 {
		t.Errorf("%d samples", h.Count())
	}
}

func TestOutsideTheRange(t *testing.T) {
	h := histo.New()
	h.Record(-5)
	h.Record(int64(3 * time.Hour))
	if h.Count() != 2 || h.Negative != 1 {
		t.Errorf("%d samples, %d negative: none may be dropped in silence", h.Count(), h.Negative)
	}
	if h.Max() < time.Hour {
		t.Errorf("max is %v", h.Max())
	}
}

func TestEmpty(t *testing.T) {
	h := histo.New()
	if h.Percentile(50) != 0 || h.Max() != 0 || h.Mean() != 0 {
		t.Error("an empty histogram tells something")
	}
}

// Nothing is lost or counted twice between the two sides.
func TestRecorderUnderFire(t *testing.T) {
	rec := histo.NewRecorder()
	total, last := histo.New(), histo.New()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range int64(5000) {
				rec.Record(i, i+1)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		last.Reset()
		rec.Drain(total, last)
	}
	if total.Count() != 40_000 {
		t.Errorf("%d samples, want 40000", total.Count())
	}
}

func BenchmarkRecord(b *testing.B) {
	rec := histo.NewRecorder()
	batch := make([]int64, 256)
	for i := range batch {
		batch[i] = int64(i * 1000)
	}
	b.ReportAllocs()
	for b.Loop() {
		rec.Record(batch...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/sample")
}
