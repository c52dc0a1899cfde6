// Package series records the counts of each second of a run, and latencies with all their samples,
// so that any part of it, or several runs, can be added up exactly.
//
// Imports: the load, metric and histo packages of stompbench.
package series

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Series is a run in intervals of about Step seconds, in order.
type Series struct {
	Step      float64    `json:"step_s"`
	Intervals []Interval `json:"intervals"`

	most int // intervals; 0 is MaxIntervals
}

// Interval is one period of a run: its counts, and its latencies.
type Interval struct {
	T             float64 `json:"t"`       // where it ends, in seconds since the start
	Seconds       float64 `json:"seconds"` // how long it is
	Sending       bool    `json:"sending"` // false once all messages were sent
	metric.Values `json:"-"`

	Latency Latencies `json:"latency_ns"`
	// Warmup is the latencies of the warm-up, which are in no other distribution.
	Warmup Latencies `json:"warmup_latency_ns,omitempty"`
}

// Latencies are the distributions of an interval. A kind without samples is absent; so is from_due
// when sending flat out, where it equals from_send.
type Latencies map[metric.Latency]*Latency

// Latency is the distribution of an interval, in nanoseconds.
type Latency struct {
	Count    uint64       `json:"count"`
	Censored uint64       `json:"censored,omitempty"` // samples that are lower bounds
	P50      int64        `json:"p50"`
	P99      int64        `json:"p99"`
	P999     int64        `json:"p99_9"`
	Max      int64        `json:"max"`
	HDR      histo.Packed `json:"hdr"`
}

// put adds a distribution, unless it is empty.
func (l Latencies) put(kind metric.Latency, p histo.Packed) {
	if !p.Empty() {
		at := func(percent float64) int64 { return int64(p.Percentile(percent)) }
		l[kind] = &Latency{Count: p.Count(), Censored: p.Censored, HDR: p, P50: at(50), P99: at(99), P999: at(99.9), Max: at(100)}
	}
}

// add adds the counts of o, which is earlier or at the same time, to i, but not its backlog.
func (i *Interval) add(o *Interval) {
	i.Values.Add(&o.Values)
	i.Sending = i.Sending || o.Sending
	i.Latency, i.Warmup = i.Latency.plus(o.Latency), i.Warmup.plus(o.Warmup)
}

// append adds o, which follows i, to i.
func (i *Interval) append(o *Interval) {
	i.add(o)
	i.T, i.Seconds = o.T, i.Seconds+o.Seconds
	i.Set(metric.Backlog, o.Value(metric.Backlog))
}

// plus returns the latencies of both, nil if both are.
func (l Latencies) plus(o Latencies) Latencies {
	if l == nil && o == nil {
		return nil
	}
	sum := Latencies{}
	maps.Copy(sum, l)
	for kind, b := range o {
		if a := l[kind]; a != nil {
			sum.put(kind, a.HDR.Plus(b.HDR))
		} else {
			sum[kind] = b
		}
	}
	return sum
}

// bytes returns about how much memory the latencies take.
func (i *Interval) bytes() (n int) {
	for _, all := range []Latencies{i.Latency, i.Warmup} {
		for _, l := range all {
			n += l.HDR.Size()
		}
	}
	return n
}

func (s *Series) bytes() (n int) {
	for i := range s.Intervals {
		n += s.Intervals[i].bytes()
	}
	return n
}

// Rate is a metric over the interval's length, 0 for no length. That of the CPU time is how many
// processors were busy.
func (i *Interval) Rate(id metric.ID) float64 {
	if i.Seconds <= 0 {
		return 0
	}
	return i.Value(id) / i.Seconds
}

// Has reports whether any interval has samples of the kind, be it of the warm-up.
func (s *Series) Has(kind metric.Latency) bool {
	for i := range s.Intervals {
		if s.Intervals[i].Latency[kind] != nil || s.Intervals[i].Warmup[kind] != nil {
			return true
		}
	}
	return false
}

// End returns when the last interval ends, in seconds since the start.
func (s *Series) End() float64 {
	if n := len(s.Intervals); n > 0 {
		return s.Intervals[n-1].T
	}
	return 0
}

// Drop removes the samples of one kind.
func (s *Series) Drop(kind metric.Latency) {
	for i := range s.Intervals {
		delete(s.Intervals[i].Latency, kind)
		delete(s.Intervals[i].Warmup, kind)
	}
}

// seconds rounds to microseconds for JSON.
func seconds(d time.Duration) float64 { return d.Round(time.Microsecond).Seconds() }

// plain is an Interval without the methods of its JSON form.
type plain Interval

// MarshalJSON writes one object.
func (i Interval) MarshalJSON() ([]byte, error) {
	values, err := i.EachSecondJSON()
	if err != nil {
		return nil, err
	}
	return metric.Join(plain(i), values)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Interval) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, (*plain)(i)); err != nil {
		return err
	}
	return i.ParseEachSecondJSON(text)
}

// maxPacked bounds the histograms of a series in memory, in bytes. A second takes a few kB, but a
// file can have histograms that decompress to a thousand times their size.
var maxPacked = 256 << 20 // lower in a test

// UnmarshalJSON reads a series that need not be one of ours: it is bounded in memory and makes sense.
func (s *Series) UnmarshalJSON(text []byte) error {
	var file struct {
		Step      float64           `json:"step_s"`
		Intervals []json.RawMessage `json:"intervals"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	switch {
	case !(file.Step >= 0.1 && file.Step <= 1e5):
		return fmt.Errorf("series.step_s is %v", file.Step)
	case len(file.Intervals) > 2*MaxIntervals:
		return fmt.Errorf("series has %d intervals, at most %d are possible", len(file.Intervals), 2*MaxIntervals)
	}
	*s = Series{Step: file.Step, Intervals: make([]Interval, len(file.Intervals))}
	last, size := 0.0, 0
	for i, text := range file.Intervals {
		in := &s.Intervals[i]
		err := json.Unmarshal(text, in)
		if err == nil {
			err = in.check(last, file.Step)
		}
		if err != nil {
			return fmt.Errorf("series.intervals[%d]: %w", i, err)
		}
		last = in.T
		if size += in.bytes(); size > maxPacked {
			return fmt.Errorf("series.intervals[%d]: the histograms up to there take more than %d MiB", i, maxPacked>>20)
		}
	}
	return nil
}

// check returns why an interval after that time cannot be, and completes its histograms.
func (i *Interval) check(after, step float64) error {
	if !(i.T >= after && i.T <= 4*MaxIntervals*step && i.Seconds >= 0 && i.Seconds <= i.T+step) {
		return fmt.Errorf("it cannot end at %v s and last %v s", i.T, math.Abs(i.Seconds))
	}
	for name, latencies := range map[string]Latencies{"latency_ns": i.Latency, "warmup_latency_ns": i.Warmup} {
		for kind, l := range latencies {
			if !kind.Valid() {
				return fmt.Errorf("%s.%.40q is unknown", name, kind)
			}
			if l == nil || l.HDR.Count() != l.Count || l.Censored > l.Count {
				return fmt.Errorf("%s.%s: its histogram has not the samples it says", name, kind)
			}
			l.HDR.Censored = l.Censored
		}
	}
	return nil
}
