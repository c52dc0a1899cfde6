package results

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// cannot says why results cannot be merged, and how to fix it.
var cannot = workload.Refuse

// Merge adds up the results of several machines that ran at the same time, as if one had done it:
// counts and histograms exactly, the seconds by wall clock. The error is a [*workload.Invalid].
//
// Parts of one run, which have the same id, have open books: neither part knows what one sent and
// another received. Their ledgers are united and closed. Several runs with closed books are added
// up.
func Merge(all []*Result) (*Result, error) {
	united, err := mergeable(all)
	if err != nil {
		return nil, err
	}
	sender := all[max(0, slices.IndexFunc(all, func(o *Result) bool { return o.Plan.Producers > 0 }))]
	out := &Result{
		Head: Head{Schema: sender.Schema, Tool: sender.Tool, Version: sender.Version, Broker: sender.Broker}, Plan: sender.Plan,
		Latency: map[metric.Latency]metric.Distribution{}, Data: &Data{Histograms: map[metric.Latency]Histogram{}},
	}
	out.Plan.Producers, out.Plan.Consumers, out.Plan.ProducerConnections, out.Plan.ConsumerConnections = 0, 0, 0, 0
	out.Plan.Count, out.Plan.RatePerSec = 0, 0
	var parts []series.Part
	for _, o := range all {
		out.addPlan(&o.Plan)
		out.Partial, out.DrainCut, out.BooksOpen = out.Partial || o.Partial, out.DrainCut || o.DrainCut, out.BooksOpen || o.BooksOpen
		out.Failure, out.AckError = cmp.Or(out.Failure, o.Failure), cmp.Or(out.AckError, o.AckError)
		out.ExitCode = exit.Worst(out.ExitCode, o.ExitCode)
		out.DeferSLO(o.SLODeferred)
		out.RunIDs, out.Machines = append(out.RunIDs, o.RunIDs...), append(out.Machines, o.Machines...)
		parts = append(parts, series.Part{Start: o.StartedAt, Series: &o.Series})
	}
	slices.Sort(out.RunIDs)
	out.RunIDs = slices.Compact(out.RunIDs)
	out.StartedAt, out.Series = series.Align(parts)
	out.takeVerdict(all)
	out.addValues(all)
	out.addHistograms(all)
	if united {
		err = out.unite(all)
	}
	return out, err
}

// mergeable returns why the results cannot be merged. united says that they are parts of one run;
// the books of each of several runs must be closed.
func mergeable(all []*Result) (united bool, err error) {
	if len(all) == 0 || len(all) == 1 && !all[0].BooksOpen {
		return false, cannot("merge takes the results of at least two machines")
	}
	first := all[0]
	united = true
	for i, r := range all {
		same := slices.Equal(r.RunIDs, first.RunIDs)
		united = united && same
		switch {
		case slices.Contains(r.RunIDs, ""):
			return false, cannot("result %d received no message, so its run is unknown: give all processes of a run the same --run-id", i+1)
		case !same && !(r.closed() && first.closed()):
			return false, cannot("results 1 and %d are of different runs (%s and %s): give all processes of a run the same --run-id",
				i+1, strings.Join(first.RunIDs, " "), strings.Join(r.RunIDs, " "))
		}
	}
	for i, r := range all {
		if apart := r.StartedAt.Sub(first.StartedAt).Abs(); united && apart > farApart {
			return false, cannot("results 1 and %d begin %v apart: set the clocks of the machines", i+1, apart.Round(time.Second))
		}
		for j, other := range all[:i] {
			switch {
			case slices.Equal(r.RunIDs, other.RunIDs) && r.StartedAt.Equal(other.StartedAt):
				return false, cannot("results %d and %d are the same one: give each machine's once", j+1, i+1)
			case !united && !(r.StartedAt.Before(other.ends()) && other.StartedAt.Before(r.ends())):
				return false, cannot("results %d and %d are not of the same time: "+
					"merge adds up what several machines did together; compare looks at runs one after the other", j+1, i+1)
			}
		}
	}
	return united, nil
}

// farApart is how far apart the starts of the parts of a run may be. Parts that only receive start
// with their first message, so a larger distance means that clocks disagree, and that their series
// would not fit together.
const farApart = time.Hour

// closed reports whether everything that was sent was to be received by the same process, and vice
// versa.
func (r *Result) closed() bool {
	return !r.BooksOpen && r.Plan.Producers > 0 && r.Plan.Consumers > 0
}

// ends returns when the last interval of the series ends.
func (r *Result) ends() time.Time { return r.StartedAt.Add(inSeconds(r.Series.End())) }

// addPlan adds the plan of a part. What cannot be added up is that of the first part that sends or, if it
// is about receiving, of the first that receives.
func (r *Result) addPlan(q *Plan) {
	p := &r.Plan
	if q.Consumers > 0 && p.Consumers == 0 {
		p.ConsumeFrom, p.Delivery, p.Ack, p.AckEvery = q.ConsumeFrom, q.Delivery, q.Ack, q.AckEvery
		p.NackShare, p.Prefetch, p.ConsumerLatencyNs, p.SlowConsumers = q.NackShare, q.Prefetch, q.ConsumerLatencyNs, q.SlowConsumers
	}
	p.Producers, p.Consumers = p.Producers+q.Producers, p.Consumers+q.Consumers
	p.ProducerConnections, p.ConsumerConnections = p.ProducerConnections+q.ProducerConnections, p.ConsumerConnections+q.ConsumerConnections
	p.Count, p.RatePerSec = p.Count+q.Count, p.RatePerSec+q.RatePerSec
}

// takeVerdict takes the verdict of the only part that sent or, of several, of one that makes the result
// invalid.
func (r *Result) takeVerdict(all []*Result) {
	var senders []*Result
	for _, o := range all {
		if o.Plan.Producers > 0 && o.Verdict != nil {
			senders = append(senders, o)
		}
	}
	if len(senders) == 1 {
		r.Verdict, r.Ceiling = senders[0].Verdict, senders[0].Ceiling
	} else if i := slices.IndexFunc(senders, func(o *Result) bool { return o.Verdict.Invalid }); i >= 0 {
		r.Verdict = senders[i].Verdict
	}
}

// DeferSLO adds conditions to SLODeferred that it does not contain yet.
func (r *Result) DeferSLO(conditions string) {
	var all []string
	for c := range strings.SplitSeq(r.SLODeferred+","+conditions, ",") {
		if c != "" && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	r.SLODeferred = strings.Join(all, ",")
}

// addValues merges the times and then the metrics, whose averages are over them.
func (r *Result) addValues(all []*Result) {
	r.addTime(all, metric.Sending, metric.SendingFrom)
	r.addTime(all, metric.Receiving, metric.ReceivingFrom)
	var parts []*metric.Values
	for _, o := range all {
		v := o.Values
		if o.Plan.Producers == 0 { // it does not know the size
			v.Set(metric.ReceivedBytesPerS, v.Value(metric.ReceivedPerS)*float64(r.Plan.SizeBytes))
		}
		parts = append(parts, &v)
	}
	r.Merge(parts...)
	// At least the maximum of each part, and the sum of all at any time.
	backlog := r.Count(metric.MaxBacklog)
	for i := range r.Series.Intervals {
		backlog = max(backlog, r.Series.Intervals[i].Count(metric.Backlog))
	}
	r.SetCount(metric.MaxBacklog, backlog)
	r.Restrict(r.Plan.Consumers > 0)
}

// addTime sets a time to that from the first beginning of any part to the last end.
func (r *Result) addTime(all []*Result, length, from metric.ID) {
	first, last := math.Inf(1), 0.0
	for _, o := range all {
		if seconds := o.Value(length); seconds > 0 {
			at := o.StartedAt.Sub(r.StartedAt).Seconds() + o.Value(from)
			first, last = min(first, at), max(last, at+seconds)
		}
	}
	first = min(first, last)
	r.Set(from, first)
	r.Set(length, last-first)
}

// addHistograms adds the histograms, and computes the distributions from them. When sending flat out,
// latencies from due equal those from send, which a part that only receives cannot know.
func (r *Result) addHistograms(all []*Result) {
	flatOut := r.Plan.Producers > 0 && r.Plan.RatePerSec == 0
	if flatOut {
		r.Series.Drop(metric.FromDue)
	}
	for _, kind := range slices.Backward(metric.Latencies()) { // from send is before from due
		sum := histo.New()
		for _, o := range all {
			if !(flatOut && kind == metric.FromDue) {
				o.Histograms[kind].addTo(sum)
			}
		}
		if sum.Count() > 0 {
			r.Histograms[kind] = Histogram{sum.Pack(), sum.Apart}
		}
		r.Latency[kind] = metric.DistributionOf(r.Histogram(kind))
	}
}
