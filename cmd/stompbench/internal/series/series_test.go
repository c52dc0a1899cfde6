package series

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// sampled returns a sample that ends at elapsed, with n of everything.
func sampled(elapsed, interval time.Duration, n uint64) *load.Sample {
	h := histo.New()
	for i := range n {
		h.Record(int64(i+1) * 1000)
	}
	return &load.Sample{
		Elapsed: elapsed, Interval: interval, Counts: metric.Counts{metric.Sent: n, metric.Confirmed: n, metric.Received: n}, Backlog: n, Sending: true,
		CPU: interval / 2, Latencies: load.Latencies{metric.FromSend: h, metric.FromDue: h, metric.Confirm: histo.New(), metric.SendDelay: h},
	}
}

func sums(s *Series) (sent uint64, length, cpu float64) {
	for i := range s.Intervals {
		in := &s.Intervals[i]
		sent += in.Count(metric.Sent)
		length += in.Seconds
		cpu += in.Value(metric.CPU)
	}
	return sent, length, cpu
}

// However long a run, its series is bounded and adds up.
func TestLongRunsGetLongerIntervals(t *testing.T) {
	r := &Series{Step: 1, most: 8}
	steps := map[int]float64{8: 1, 9: 2, 16: 2, 17: 4, 32: 4, 33: 8, 100: 16}
	for i := 1; i <= 100; i++ {
		r.Add(sampled(time.Duration(i)*time.Second, time.Second, uint64(i)))
		s := r
		if sent, length, cpu := sums(s); sent != uint64(i*(i+1)/2) || math.Abs(length-float64(i)) > 1e-6 || math.Abs(cpu-float64(i)/2) > 1e-6 {
			t.Fatalf("after %d: %d sent in %v s", i, sent, length)
		}
		if n := len(s.Intervals); n > 8 || s.Intervals[n-1].T != float64(i) || s.Intervals[n-1].Count(metric.Backlog) != uint64(i) {
			t.Fatalf("after %d: %d intervals, the last at %v", i, n, s.Intervals[n-1].T)
		}
		if want, ok := steps[i]; ok && s.Step != want {
			t.Errorf("after %d: step %v, want %v", i, s.Step, want)
		}
	}
	var got uint64
	for _, in := range r.Intervals {
		got += in.Latency[metric.FromSend].Count
	}
	if got != 5050 {
		t.Errorf("%d latencies, want 5050", got)
	}
	if err := reread(r); err != nil {
		t.Error(err)
	}
}

// A run whose latencies are all different has longer intervals earlier, so memory is bounded.
func TestMemoryOfASeriesIsBounded(t *testing.T) {
	full := histo.New()
	for i := range histo.Buckets - 1 {
		full.Record(histo.Highest(i))
	}
	maxBytes = MaxBytes / 100
	defer func() { maxBytes = MaxBytes }()
	s, seconds := New(), 4*maxBytes/full.Pack().Size()
	for i := range seconds {
		s.Add(&load.Sample{Elapsed: time.Duration(i+1) * time.Second, Interval: time.Second, Sending: true, Latencies: load.Latencies{metric.FromSend: full}})
		if n := s.bytes(); n > maxBytes {
			t.Fatalf("%d bytes after %d s", n, i+1)
		}
	}
	var samples uint64
	for _, in := range s.Intervals {
		samples += in.Latency[metric.FromSend].Count
	}
	if s.Step < 4 || s.bytes() < maxBytes/4 || samples != full.Count()*uint64(seconds) {
		t.Errorf("steps of %v s, %d bytes, %d samples", s.Step, s.bytes(), samples)
	}
}

// The last sample is as short as chance has it: no rate is computed over it.
func TestAShortRestJoinsTheLastInterval(t *testing.T) {
	r := New()
	r.Add(sampled(time.Second, time.Second, 10))
	r.Add(sampled(1100*time.Millisecond, 100*time.Millisecond, 5))
	s := r
	if len(s.Intervals) != 1 || s.Intervals[0].Count(metric.Sent) != 15 || s.Intervals[0].T != 1.1 || s.Intervals[0].Seconds != 1.1 {
		t.Errorf("%+v", s.Intervals)
	}
	if in := s.Intervals[0]; in.Latency[metric.FromSend].Count != 15 || in.Latency[metric.FromDue] != nil || in.Latency[metric.Confirm] != nil {
		t.Errorf("%+v", in.Latency)
	}
}

func TestAlign(t *testing.T) {
	part := func(offset time.Duration, counts ...uint64) Part {
		r := New()
		for i, n := range counts {
			r.Add(sampled(time.Duration(i+1)*time.Second+3*time.Millisecond, time.Second, n))
		}
		return Part{Start: time.Unix(1000, 0).Add(offset), Series: r}
	}
	for _, c := range []struct {
		name  string
		parts []Part
		want  []uint64
	}{
		{"one", []Part{part(0, 1, 2, 3)}, []uint64{1, 2, 3}},
		{"together", []Part{part(0, 1, 2, 3), part(100*time.Millisecond, 10, 20, 30)}, []uint64{11, 22, 33}},
		{"half a second later", []Part{part(0, 1, 2), part(501*time.Millisecond, 10, 20)}, []uint64{1, 12, 20}},
		{"the later first", []Part{part(2*time.Second, 10, 20), part(0, 1, 2, 3)}, []uint64{1, 2, 13, 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			start, s := Align(c.parts)
			if start != time.Unix(1000, 0) || len(s.Intervals) != len(c.want) {
				t.Fatalf("from %v: %+v", start, s.Intervals)
			}
			for i, want := range c.want {
				in := &s.Intervals[i]
				if in.Count(metric.Sent) != want || in.Latency[metric.FromSend].Count != want || in.T != float64(i+1) || in.Seconds != 1 {
					t.Errorf("interval %d: %+v, want %d sent", i, in, want)
				}
			}
			if err := reread(&s); err != nil {
				t.Error(err)
			}
		})
	}
	if _, s := Align(nil); len(s.Intervals) != 0 {
		t.Errorf("%+v", s)
	}
}

// A second that took longer, because the machine stood still, does not end before it
// can have begun.
func TestAlignOfAStall(t *testing.T) {
	r := New()
	r.Add(sampled(500*time.Millisecond, 500*time.Millisecond, 1))
	r.Add(sampled(5070*time.Millisecond, 4570*time.Millisecond, 2))
	r.Add(sampled(6*time.Second, 930*time.Millisecond, 3))
	_, s := Align([]Part{{time.Unix(1000, 0), r}})
	if err := reread(&s); err != nil {
		t.Error(err)
	}
	var sent uint64
	for i := range s.Intervals {
		sent += s.Intervals[i].Count(metric.Sent)
	}
	if sent != 6 {
		t.Errorf("%d sent: %+v", sent, s.Intervals)
	}
}

func TestAlignOfDifferentSteps(t *testing.T) {
	fine, coarse := &Series{Step: 1, most: 100}, (&Series{Step: 1, most: 4})
	for i := 1; i <= 8; i++ {
		at := time.Duration(i) * time.Second
		fine.Add(sampled(at, time.Second, 1))
		coarse.Add(sampled(at, time.Second, 100))
	}
	start := time.Unix(1000, 0)
	_, s := Align([]Part{{start, fine}, {start, coarse}})
	if s.Step != 2 || len(s.Intervals) != 4 {
		t.Fatalf("step %v, %d intervals", s.Step, len(s.Intervals))
	}
	for i := range s.Intervals {
		if in := &s.Intervals[i]; in.Count(metric.Sent) != 202 || in.Seconds != 2 || in.Count(metric.Backlog) != 101 {
			t.Errorf("%+v", in)
		}
	}
}

// reread writes a series and reads it.
func reread(s *Series) error {
	text, err := json.Marshal(s)
	if err == nil {
		back := new(Series)
		if err = json.Unmarshal(text, back); err == nil {
			*s = *back
		}
	}
	return err
}

// A series of a stranger makes sense or is refused.
func TestBadSeries(t *testing.T) {
	good := func() *Series {
		r := New()
		r.Add(sampled(time.Second, time.Second, 3))
		r.Add(sampled(2*time.Second, time.Second, 3))
		return r
	}
	if err := reread(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Series){
		"no step":         func(s *Series) { s.Step = 0 },
		"backwards":       func(s *Series) { s.Intervals[1].T = 0.5 },
		"endless":         func(s *Series) { s.Intervals[1].T = 1e300 },
		"longer than run": func(s *Series) { s.Intervals[0].Seconds = 100 },
		"negative CPU":    func(s *Series) { s.Intervals[0].Set(metric.CPU, -1) },
		"unknown latency": func(s *Series) { s.Intervals[0].Latency["=1+1"] = s.Intervals[0].Latency[metric.FromSend] },
		"null":            func(s *Series) { s.Intervals[0].Latency[metric.Confirm] = nil },
		"other count":     func(s *Series) { s.Intervals[0].Latency[metric.FromSend].Count++ },
		"too many":        func(s *Series) { s.Intervals = make([]Interval, 2*MaxIntervals+1) },
	} {
		s := good()
		spoil(s)
		if err := reread(s); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Histograms that decompress to much more than their text cannot fill the memory.
func TestManyFullHistograms(t *testing.T) {
	h := histo.New()
	for i := range histo.Buckets - 1 {
		h.Record(histo.Highest(i))
	}
	defer func(n int) { maxPacked = n }(maxPacked)
	maxPacked = 1 << 20
	s := &Series{Step: 1}
	for i := range 5 {
		in := Interval{T: float64(i + 1), Seconds: 1, Latency: Latencies{}, Warmup: Latencies{}}
		in.Latency.put(metric.FromSend, h.Pack())
		for _, kind := range metric.Latencies() {
			in.Latency[kind], in.Warmup[kind] = in.Latency[metric.FromSend], in.Latency[metric.FromSend]
		}
		s.Intervals = append(s.Intervals, in)
	}
	if err := reread(s); err == nil || !strings.Contains(err.Error(), "MiB") {
		t.Error(err)
	}
}

// What comes after a stall does not show before it. At a low rate, seconds without samples are no stall.
func TestPercentileStopsAtAStall(t *testing.T) {
	s := &Series{Step: 1}
	for i, n := range []uint64{600, 600, 600, 300, 0, 0, 0, 5000, 10, 0, 0, 10, 0, 10, 0, 10} {
		in := interval(sampled(time.Duration(i+1)*time.Second, time.Second, n))
		s.Intervals = append(s.Intervals, in)
	}
	var spans []string
	for _, p := range s.Percentile(metric.FromSend, 99) {
		spans = append(spans, fmt.Sprintf("%v-%v", p.From, p.To))
	}
	if want := "0-4 0-4 0-4 0-4 0-0 0-0 0-0 7-9 7-9 0-0 0-0 0-0 0-0 0-0 0-0 0-0"; strings.Join(spans, " ") != want {
		t.Errorf("%v, want %s", spans, want)
	}
	s.Intervals = s.Intervals[8:]
	if p := s.Percentile(metric.FromSend, 50)[3]; p.From != 8 || p.To != 12 {
		t.Errorf("%+v", p)
	}
}

// Seconds are joined until ten samples are above the percentile; a stall is not the only second that
// has one.
func TestPercentileJoinsSeconds(t *testing.T) {
	r := New()
	counts := []uint64{400, 400, 400, 5000, 400, 0, 400, 400, 100}
	for i, n := range counts {
		r.Add(sampled(time.Duration(i+1)*time.Second, time.Second, n))
	}
	s := r
	var spans []string
	for _, p := range s.Percentile(metric.FromSend, 99) {
		spans = append(spans, fmt.Sprintf("%v-%v", p.From, p.To))
	}
	if want := "0-3 0-3 0-3 3-4 4-9 4-9 4-9 4-9 4-9"; strings.Join(spans, " ") != want {
		t.Errorf("%v, want %s", spans, want)
	}
	if p := s.Percentile(metric.FromSend, 99)[3]; p.Ns < 4.94e6 || p.Ns > 4.96e6 {
		t.Errorf("%+v", p)
	}
	for i, p := range s.Percentile(metric.FromSend, 50) {
		if alone := counts[i] >= 20; p.Known() != true || alone && p.To != float64(i+1) && i != 4 {
			t.Errorf("%d: %+v", i, p)
		}
	}
	if p := s.Percentile(metric.FromSend, 99.99)[0]; p.Known() {
		t.Errorf("of too few samples: %+v", p)
	}
}

// How many samples are lower bounds survives the file, joining intervals and merging, and makes
// percentiles lower bounds.
func TestLowerBoundsOfAnInterval(t *testing.T) {
	h := histo.New()
	for range 2000 {
		h.Record(int64(time.Millisecond))
	}
	h.RecordAtLeast(int64(8*time.Second), 500)
	rec := New()
	for i := range 3 {
		s := sampled(time.Duration(i+1)*time.Second, time.Second, 1)
		if s.Latencies[metric.FromDue] = histo.New(); i == 1 {
			s.Latencies[metric.FromDue] = h
		}
		rec.Add(s)
	}
	s := rec
	if err := reread(s); err != nil {
		t.Fatal(err)
	}
	thin := s.Thin(1)
	for name, got := range map[string]*Latency{"an interval": s.Intervals[1].Latency[metric.FromDue], "joined": thin.Intervals[0].Latency[metric.FromDue]} {
		if got.Censored != 500 || got.HDR.Censored != 500 {
			t.Errorf("%s: %d and %d lower bounds of %d", name, got.Censored, got.HDR.Censored, got.Count)
		}
	}
	if p50, p90 := s.Percentile(metric.FromDue, 50)[1], s.Percentile(metric.FromDue, 90)[1]; p50.AtLeast || !p90.AtLeast {
		t.Errorf("p50 %+v, p90 %+v", p50, p90)
	}
	s.Intervals[1].Latency[metric.FromDue].Censored = 2501
	if err := reread(s); err == nil {
		t.Error("more lower bounds than samples")
	}
}
