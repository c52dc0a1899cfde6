package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A trend is what most of the time shows, whatever happens in the rest of it.
func TestTrend(t *testing.T) {
	const looks = 300 // 3 s of them
	noise := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		value     func(i int) float64
		want, off float64 // a second
	}{
		"nothing":            {func(int) float64 { return 0 }, 0, 0},
		"steady":             {func(int) float64 { return 500 }, 0, 0},
		"grows":              {func(i int) float64 { return float64(i) }, 100, 1e-6},
		"is worked off":      {func(i int) float64 { return float64(2 * (looks - i)) }, -200, 1e-6},
		"noise":              {func(int) float64 { return 1000 * noise.Float64() }, 0, 60},
		"grows in noise":     {func(i int) float64 { return 10*float64(i) + 1000*noise.Float64() }, 1000, 60},
		"a burst at the end": {func(i int) float64 { return 1e6 * float64(i/(looks-30)) }, 0, 0},
		"one at the start":   {func(i int) float64 { return max(0, 1e5-5e3*float64(i)) }, 0, 0},
		"a stall and what it left, worked off": {func(i int) float64 {
			return max(0, 100*float64(min(i-100, 50))-1000*float64(max(0, i-150)))
		}, 0, 0},
		"now and then one": {func(i int) float64 { return float64(i % 7 / 6) }, 0, 0},
	} {
		var tr trend
		for i := range looks {
			tr.add(int64(i)*int64(10*time.Millisecond), c.value(i))
		}
		got, known := tr.slope()
		if !known || math.Abs(got-c.want) > c.off {
			t.Errorf("%s: %v, known %v, want %v", name, got, known, c.want)
		}
	}
}

// No sample is taken while the machine stands still, and the samples that were due come at once.
// The times are those at which the samples were taken.
func TestTrendOverAGap(t *testing.T) {
	var tr trend
	for i := range 300 {
		at := int64(i) * int64(10*time.Millisecond)
		if i >= 100 {
			at += int64(8 * time.Second)
		}
		tr.add(at, float64(at)/1e6)
	}
	if got, known := tr.slope(); !known || math.Abs(got-1000) > 1e-6 {
		t.Errorf("%v, %v", got, known)
	}
}

// However long a run, a trend takes the same room, and keeps to values of the whole
// time.
func TestTrendIsBounded(t *testing.T) {
	var tr trend
	const n = 1_000_000
	for i := range n {
		tr.add(int64(i)*int64(10*time.Millisecond), float64(i))
		if len(tr.values) > trendRoom || cap(tr.values) > 2*trendRoom {
			t.Fatalf("%d values, room for %d", len(tr.values), cap(tr.values))
		}
	}
	if len(tr.values) < trendRoom/2-1 || tr.values[0].value != 0 || tr.values[len(tr.values)-1].value < n*0.98 {
		t.Errorf("%d values, the last is %v", len(tr.values), tr.values[len(tr.values)-1])
	}
	if got, known := tr.slope(); !known || math.Abs(got-100) > 1e-6 {
		t.Errorf("%v, %v", got, known)
	}
}

func TestTrendOfTooLittle(t *testing.T) {
	var tr trend
	for i := range tooFew {
		if _, known := tr.slope(); known {
			t.Errorf("%d values have a slope", i)
		}
		tr.add(7, float64(i)) // all at once
	}
	if _, known := tr.slope(); known {
		t.Error("what was looked at once has a slope")
	}
	tr.add(8, 1)
	if _, known := tr.slope(); !known {
		t.Error("no slope")
	}
}
