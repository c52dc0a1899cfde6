package compare

import (
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// side is one side of a comparison.
type side struct {
	name    string
	results []*results.Result
	runs    [][]period // what was measured in each run that is longer than what is skipped
	parts   [][]period // the runs, or the single periods of the only run
	totals  metric.Values
	latency map[metric.Latency]*histo.Histogram // of all runs
}

// newSide collects the runs of a side without their warm-up and their first skip seconds.
func newSide(name string, all []*results.Result, skip float64) *side {
	s := &side{name: name, results: all, latency: map[metric.Latency]*histo.Histogram{}}
	for _, kind := range metric.Latencies() {
		s.latency[kind] = histo.New()
	}
	for _, r := range all {
		s.totals.Add(&r.Values)
		run := periods(r, max(skip, r.Plan.WarmupSec))
		if len(run) > 0 {
			s.runs = append(s.runs, run)
		}
		for kind, h := range s.latency {
			bounds := h.Censored + r.Latency[kind].Censored // older series do not have them
			for _, p := range run {
				if l := p.Latency[kind]; l != nil {
					h.Add(l.HDR)
				}
			}
			h.Censored = bounds
		}
	}
	s.totals.Derive()
	if s.parts = s.runs; len(s.runs) == 1 {
		s.parts = slices.Collect(slices.Chunk(s.runs[0], 1))
	}
	return s
}

// unsent is the share of the messages that were due and never sent.
func (s *side) unsent() float64 { return s.totals.Value(metric.UnsentShare) }

// period is an interval of a run, with how many of its seconds count for the rates of sending and
// receiving: those that the report divides by.
type period struct {
	*series.Interval
	sending, receiving float64
	handled            float64
}

// periods returns the intervals after the first skip seconds. The planned time after a failure, in
// which nothing was measured, is more of them.
func periods(r *results.Result, skip float64) (all []period) {
	handled := metric.Sent
	if r.Value(metric.Received) > r.Value(metric.Sent) {
		handled = metric.Received
	}
	// within is how much of a time counts.
	within := func(start, end float64, from, length metric.ID) float64 {
		first := r.Value(from)
		if !r.Known(from) { // of an older version
			first = r.Plan.WarmupSec
		}
		return max(0, min(end, first+r.Value(length))-max(start, first))
	}
	add := func(in *series.Interval, start, end float64) (counts bool) {
		p := period{in, within(start, end, metric.SendingFrom, metric.Sending), within(start, end, metric.ReceivingFrom, metric.Receiving), in.Value(handled)}
		if start > skip-0.01 {
			all = append(all, p)
		}
		return p.sending > 0 || p.receiving > 0
	}
	end, step := 0.0, r.Series.Step
	for i := range r.Series.Intervals {
		in := &r.Series.Intervals[i]
		end = in.T
		add(in, end-in.Seconds, end)
	}
	for len(all) < series.MaxIntervals && add(&series.Interval{}, end, end+step) {
		end += step
	}
	return all
}

// terms return what a period adds to the numerator and the denominator of a ratio.
type terms func(*period) (n, d float64)

// ratios are the metrics of the registry that are one sum over another.
var ratios = map[metric.ID]terms{
	metric.SentPerS:      func(p *period) (n, d float64) { return p.Value(metric.Sent), p.sending },
	metric.ConfirmedPerS: func(p *period) (n, d float64) { return p.Value(metric.Confirmed), p.sending },
	metric.ReceivedPerS:  func(p *period) (n, d float64) { return p.Value(metric.Received), p.receiving },
	metric.CPUCores:      func(p *period) (n, d float64) { return p.Value(metric.CPU), p.Seconds },
	metric.CPUPerMessage: func(p *period) (n, d float64) { return 1e9 * p.Value(metric.CPU), p.handled },
}

// samples returns terms that add up what each sample of a latency counts, over the samples.
func samples(kind metric.Latency, counts func(low, high int64) float64) terms {
	return func(p *period) (n, d float64) {
		if l := p.Latency[kind]; l != nil {
			for bucket, count := range l.HDR.Buckets() {
				n += float64(count) * counts(histo.Highest(bucket-1)+1, histo.Highest(bucket))
				d += float64(count)
			}
		}
		return n, d
	}
}
