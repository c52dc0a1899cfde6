package series

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Series is a run in intervals of about Step seconds, in order.
type Series struct {
	Step      float64    `json:"step_s"`
	Intervals []Interval `json:"intervals"`
}

// Interval is the counts of one period of a run.
type Interval struct {
	T       float64 `json:"t"`       // where it ends, in seconds since the start
	Seconds float64 `json:"seconds"` // how long it is
	Sending bool    `json:"sending"` // false once all messages were sent

	Sent      uint64  `json:"sent"`
	Confirmed uint64  `json:"confirmed"`
	Received  uint64  `json:"received"`
	Backlog   uint64  `json:"backlog"` // at its end: sent and not yet received
	CPU       float64 `json:"cpu_s"`   // of the process, in seconds

	Latency Latencies `json:"latency_ns"`
	// Warmup is the latencies of the warm-up, which are in no other distribution.
	Warmup Latencies `json:"warmup_latency_ns,omitempty"`
}

// Kind is a kind of latency of a message.
type Kind = metric.Latency

// The kinds.
const (
	FromDue   = metric.FromDue
	FromSend  = metric.FromSend
	Confirm   = metric.Confirm
	SendDelay = metric.SendDelay
)

// Kinds lists all kinds, the most important first.
func Kinds() []Kind { return metric.Latencies() }

// Latencies are the distributions of an interval. A kind without samples is absent; so is from_due
// when sending flat out, where it equals from_send.
type Latencies map[Kind]*Latency

// Latency is the distribution of an interval, in nanoseconds.
type Latency struct {
	Count uint64       `json:"count"`
	P50   int64        `json:"p50"`
	P99   int64        `json:"p99"`
	P999  int64        `json:"p99_9"`
	Max   int64        `json:"max"`
	HDR   histo.Packed `json:"hdr"`
}

// newLatency packs a histogram; nil if it is empty.
func newLatency(h *histo.Histogram) *Latency {
	if h.Count() == 0 {
		return nil
	}
	return &Latency{
		Count: h.Count(), HDR: h.Pack(),
		P50: int64(h.Percentile(50)), P99: int64(h.Percentile(99)), P999: int64(h.Percentile(99.9)), Max: int64(h.Max()),
	}
}

// add adds the counts of o, which is earlier or at the same time, to i. scratch is overwritten.
func (i *Interval) add(o *Interval, scratch *histo.Histogram) {
	i.Sent += o.Sent
	i.Confirmed += o.Confirmed
	i.Received += o.Received
	i.CPU += o.CPU
	i.Sending = i.Sending || o.Sending
	i.Latency = i.Latency.plus(o.Latency, scratch)
	i.Warmup = i.Warmup.plus(o.Warmup, scratch)
	if len(i.Warmup) == 0 {
		i.Warmup = nil // as after reading it from a file
	}
}

// plus returns the latencies of both.
func (l Latencies) plus(o Latencies, scratch *histo.Histogram) Latencies {
	sum := Latencies{}
	for _, kind := range Kinds() {
		a, b := l[kind], o[kind]
		switch {
		case a == nil && b == nil:
			continue
		case a == nil:
			a = b
		case b != nil:
			scratch.Reset()
			scratch.Add(a.HDR)
			scratch.Add(b.HDR)
			a = newLatency(scratch)
		}
		sum[kind] = a
	}
	return sum
}

// append adds o, which follows i, to i.
func (i *Interval) append(o *Interval, scratch *histo.Histogram) {
	i.add(o, scratch)
	i.T, i.Seconds, i.Backlog = o.T, i.Seconds+o.Seconds, o.Backlog
}

// Total adds up the samples of one kind.
func (s *Series) Total(kind Kind) *histo.Histogram {
	sum := histo.New()
	for i := range s.Intervals {
		if l := s.Intervals[i].Latency[kind]; l != nil {
			sum.Add(l.HDR)
		}
	}
	return sum
}

// HasWarmup reports whether any interval has samples of the kind from the warm-up.
func (s *Series) HasWarmup(kind Kind) bool {
	for i := range s.Intervals {
		if s.Intervals[i].Warmup[kind] != nil {
			return true
		}
	}
	return false
}

// Drop removes the samples of one kind.
func (s *Series) Drop(kind Kind) {
	for i := range s.Intervals {
		delete(s.Intervals[i].Latency, kind)
		delete(s.Intervals[i].Warmup, kind)
	}
}

// Has reports whether any interval has samples of the kind.
func (s *Series) Has(kind Kind) bool {
	for i := range s.Intervals {
		if s.Intervals[i].Latency[kind] != nil {
			return true
		}
	}
	return false
}

// Rate is n over the interval's length, 0 for no length.
func (i *Interval) Rate(n uint64) float64 { return over(float64(n), i.Seconds) }

// Cores is how many processors the process kept busy.
func (i *Interval) Cores() float64 { return over(i.CPU, i.Seconds) }

func over(n, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return n / seconds
}

// seconds rounds to microseconds for JSON.
func seconds(d time.Duration) float64 { return d.Round(time.Microsecond).Seconds() }
