package compare

import (
	"math"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// side is one side of a comparison.
type side struct {
	name    string
	results []*results.Result
	runs    int // that are longer than what is skipped
	// parts are the runs, or the intervals of the only run, in their order.
	parts   []part
	whole   part
	totals  metric.Values
	latency map[series.Kind]*distribution
}

// part is what was measured in a part of a side.
type part struct {
	sums    [numTerms]float64
	latency map[series.Kind]samples
}

// term is something that is added up.
type term int

// Receiving is the time in which messages were or could have been received; nanoseconds are those of
// cpu.
const (
	sent term = iota
	confirmed
	received
	handled
	cpu
	nanoseconds
	seconds
	sending
	receiving
	numTerms
)

// samples are the latencies of a part.
type samples struct {
	count, sum float64
	below      [numPercentiles]float64 // how many do not exceed each percentile of the side
}

// newSide adds up the runs of a side without their warm-up and their first skip seconds.
func newSide(name string, all []*results.Result, skip float64) *side {
	s := &side{name: name, results: all, latency: map[series.Kind]*distribution{}, whole: part{latency: map[series.Kind]samples{}}}
	runs := make([][]*series.Interval, len(all))
	var measured []*series.Interval
	for i, r := range all {
		s.totals.Add(&r.Values)
		if runs[i] = intervals(r, skip); len(runs[i]) > 0 {
			s.runs++
		}
		measured = append(measured, runs[i]...)
	}
	for _, kind := range series.Kinds() {
		s.latency[kind] = newDistribution(measured, all, kind)
	}
	for i, r := range all {
		run := part{latency: map[series.Kind]samples{}}
		for _, in := range runs[i] {
			p := s.part(r, in)
			run.add(&p)
			if s.runs == 1 {
				s.parts = append(s.parts, p)
			}
		}
		s.whole.add(&run)
		if s.runs > 1 && len(runs[i]) > 0 {
			s.parts = append(s.parts, run)
		}
	}
	return s
}

// intervals returns those after the warm-up and the first skip seconds.
func intervals(r *results.Result, skip float64) (all []*series.Interval) {
	skip = max(skip, r.Plan.WarmupSec)
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		if in.T-in.Seconds >= skip-0.01 {
			all = append(all, in)
		}
	}
	return all
}

// part returns what was measured in an interval. The rest of the interval after the last message of
// the run was sent, or received, does not count; otherwise rates would be lower than the report's.
func (s *side) part(r *results.Result, in *series.Interval) part {
	within := func(counts bool, length float64) float64 {
		if !counts {
			return 0
		}
		return max(0, min(in.Seconds, r.Plan.WarmupSec+length-(in.T-in.Seconds)))
	}
	receives := r.Value(metric.Receiving)
	if r.Plan.Producers == 0 {
		receives = math.Inf(1) // its time begins with the first message
	}
	p := part{latency: map[series.Kind]samples{}, sums: [numTerms]float64{
		sent: in.Value(metric.Sent), confirmed: in.Value(metric.Confirmed), received: in.Value(metric.Received), handled: in.Value(metric.Sent),
		cpu: in.Value(metric.CPU), nanoseconds: 1e9 * in.Value(metric.CPU), seconds: in.Seconds,
		sending: within(in.Sending, r.Value(metric.Sending)), receiving: within(in.Sending || in.Value(metric.Received) > 0, receives),
	}}
	if r.Value(metric.Received) > r.Value(metric.Sent) {
		p.sums[handled] = p.sums[received]
	}
	for kind, l := range in.Latency {
		if d := s.latency[kind]; d != nil {
			p.latency[kind] = d.samples(l.HDR)
		}
	}
	return p
}

// unsent returns the share of the messages that were due and never sent.
func (s *side) unsent() float64 {
	unsent := s.totals.Value(metric.Unsent)
	return unsent / max(1, unsent+s.totals.Value(metric.Sent))
}

// add adds o to p.
func (p *part) add(o *part) {
	for i, x := range o.sums {
		p.sums[i] += x
	}
	for kind, from := range o.latency {
		sum := p.latency[kind]
		sum.count += from.count
		sum.sum += from.sum
		for at, n := range from.below {
			sum.below[at] += n
		}
		p.latency[kind] = sum
	}
}
