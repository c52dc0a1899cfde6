package histo_test

import (
	"encoding/base64"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// spread returns a histogram of n samples from 0 to beyond an hour, and the
// samples.
func spread(n int) (*histo.Histogram, []int64) {
	random := rand.New(rand.NewPCG(1, 2))
	h, samples := histo.New(), []int64{-5, 0, 1, 2047, 2048, 2049, 3600e9, 3601e9}
	for range n {
		samples = append(samples, int64(random.ExpFloat64()*float64(int64(1)<<random.IntN(40))))
	}
	for _, ns := range samples {
		h.Record(ns)
	}
	return h, samples
}

func TestPackLosesNothing(t *testing.T) {
	h, _ := spread(20_000)
	sum := histo.New()
	sum.Add(h.Pack())
	same(t, sum, h)

	text, err := h.Pack().MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var back histo.Packed
	if err := back.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	sum.Reset()
	back.Apart = h.Apart
	sum.Add(back)
	same(t, sum, h)
}

// What is packed adds up, and has the percentiles of its samples.
func TestPackedIsAHistogram(t *testing.T) {
	h, _ := spread(20_000)
	few, _ := spread(3)
	few.RecordAtLeast(1<<50, 7)
	for _, other := range []*histo.Histogram{few, h, histo.New()} {
		p := h.Pack().Plus(other.Pack())
		sum, want := histo.New(), histo.New()
		sum.Add(p)
		want.Merge(other)
		want.Merge(h)
		same(t, sum, want)
		if sum.Censored != want.Censored || !slices.Equal(buckets(p), buckets(want.Pack())) {
			t.Error("the sum differs")
		}
		for percent := 0.5; percent <= 100; percent += 0.5 {
			if got := p.Percentile(percent); got != want.Percentile(percent) {
				t.Errorf("p%v is %v, want %v", percent, got, want.Percentile(percent))
			}
		}
	}
	if (histo.Packed{}).Percentile(50) != 0 {
		t.Error("nothing has a percentile")
	}
}

func same(t *testing.T, got, want *histo.Histogram) {
	t.Helper()
	if got.Count() != want.Count() || got.Negative != want.Negative || got.Max() != want.Max() || got.Mean() != want.Mean() {
		t.Errorf("got %d samples, mean %v, max %v; want %d, %v, %v", got.Count(), got.Mean(), got.Max(), want.Count(), want.Mean(), want.Max())
	}
	for p := 0.0; p <= 100; p += 2.5 {
		if got.Percentile(p) != want.Percentile(p) {
			t.Errorf("p%v is %v, want %v", p, got.Percentile(p), want.Percentile(p))
		}
	}
	if !slices.Equal(buckets(got.Pack()), buckets(want.Pack())) {
		t.Error("buckets differ")
	}
}

func buckets(p histo.Packed) (all [][2]uint64) {
	for i, n := range p.Buckets() {
		all = append(all, [2]uint64{uint64(i), n})
	}
	return all
}

// The library reads what we write, and we read what it writes.
func TestFormIsThatOfTheLibrary(t *testing.T) {
	h, samples := spread(5000)
	text, err := h.Pack().MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := hdrhistogram.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	reference := hdrhistogram.New(1, 3600e9, 3)
	for _, ns := range samples {
		_ = reference.RecordValue(min(max(ns, 0), 3600e9))
	}
	if !theirs.Equals(reference) {
		t.Error("the library reads something else")
	}
	encoded, err := reference.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	var back histo.Packed
	if err := back.UnmarshalText(encoded); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(buckets(back), buckets(h.Pack())) {
		t.Error("we read something else")
	}
}

func TestHighestIsThatOfTheLibrary(t *testing.T) {
	counts := make([]int64, histo.Buckets)
	if n := len(hdrhistogram.New(1, 3600e9, 3).Export().Counts); n != len(counts) {
		t.Fatalf("%d buckets, want %d", len(counts), n)
	}
	for i := 0; i < len(counts); i += 499 {
		clear(counts)
		counts[i] = 1
		hdr := hdrhistogram.Import(&hdrhistogram.Snapshot{LowestTrackableValue: 1, HighestTrackableValue: 3600e9, SignificantFigures: 3, Counts: counts})
		if hdr.Max() != histo.Highest(i) {
			t.Fatalf("bucket %d ends at %d, want %d", i, histo.Highest(i), hdr.Max())
		}
	}
}

func TestEmptyPacked(t *testing.T) {
	p := histo.New().Pack()
	text, err := p.MarshalText()
	if err != nil || !p.Empty() || p.Count() != 0 {
		t.Fatal(p, err)
	}
	var back histo.Packed
	if err := back.UnmarshalText(text); err != nil || !back.Empty() {
		t.Errorf("%v %v", back, err)
	}
	if theirs, err := hdrhistogram.Decode(text); err != nil || theirs.TotalCount() != 0 {
		t.Errorf("the library: %v", err)
	}
}

// A histogram of another range is refused, however large it claims to be, and so is one with more
// samples than can be added up.
func TestHistogramOfAStranger(t *testing.T) {
	wide := hdrhistogram.NewPacked(1, math.MaxInt64, 5)
	many := hdrhistogram.NewPacked(1, 3600e9, 3)
	_ = many.RecordValues(7, 1<<48)
	_ = many.RecordValues(8, 1)
	for want, hdr := range map[string]*hdrhistogram.PackedHistogram{"5 digits": wide, "at most": many} {
		text, err := hdr.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var p histo.Packed
		if err := p.UnmarshalText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Whatever the text, it is read or refused: no panic, no histogram that cannot be
// added.
func FuzzUnmarshalText(f *testing.F) {
	h, _ := spread(100)
	text, _ := h.Pack().MarshalText()
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add([]byte(""))
	f.Add([]byte("HISTFAAAAA=="))
	other, _ := hdrhistogram.New(1, 1000, 2).Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	f.Add(other)
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte{0x1c, 0x84, 0x93, 0x14, 0, 0, 0, 1, 0})))
	f.Fuzz(func(t *testing.T, text []byte) {
		var p histo.Packed
		if p.UnmarshalText(text) != nil {
			return
		}
		h := histo.New()
		h.Add(p)
		if h.Count() != p.Count() {
			t.Errorf("%d samples of %d", h.Count(), p.Count())
		}
	})
}
