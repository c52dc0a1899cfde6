package results

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// MergeError says why results cannot be merged, and how to fix it.
type MergeError struct{ Reason string }

func (e *MergeError) Error() string { return e.Reason }

func cannot(format string, args ...any) error { return &MergeError{fmt.Sprintf(format, args...)} }

// Merge adds up the results of several machines that ran at the same time, as if one had done it:
// counts and histograms exactly, the seconds by wall clock. The error is a [*MergeError].
//
// Parts of one run, which have the same id, have open books: neither part knows what one sent and
// another received. Their ledgers are united and closed. Several runs with closed books are added
// up.
func Merge(all []*Result) (*Result, error) {
	united, err := mergeable(all)
	if err != nil {
		return nil, err
	}
	out := &Result{Report: baseOf(all), Data: Data{Histograms: map[series.Kind]Histogram{}}}
	var parts []series.Part
	for _, r := range all {
		out.addReport(&r.Report)
		out.RunIDs = append(out.RunIDs, r.RunIDs...)
		out.Machines = append(out.Machines, r.Machines...)
		parts = append(parts, series.Part{Start: r.StartedAt, Series: &r.Series})
	}
	slices.Sort(out.RunIDs)
	out.RunIDs = slices.Compact(out.RunIDs)
	out.StartedAt, out.Series = series.Align(parts)
	out.addTimes(all)
	out.addHistograms(all)
	if united {
		if err := out.unite(all); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mergeable returns why the results cannot be merged. united says that they are parts of one run.
func mergeable(all []*Result) (united bool, err error) {
	if len(all) == 0 || len(all) == 1 && !all[0].BooksOpen {
		return false, cannot("merge takes the results of at least two machines")
	}
	seen := map[string]int{}
	for i, r := range all {
		key := strings.Join(r.RunIDs, " ") + r.StartedAt.String()
		if j, ok := seen[key]; ok {
			return false, cannot("results %d and %d are the same one: give each machine's once", j+1, i+1)
		}
		seen[key] = i
	}
	if different, ok := differentRuns(all); !ok {
		return true, sameHour(all)
	} else if different != nil {
		return false, different
	}
	for i, r := range all {
		for j, other := range all[:i] {
			if !r.StartedAt.Before(other.ends()) || !other.StartedAt.Before(r.ends()) {
				return false, cannot("results %d and %d are not of the same time: merge adds up what several machines did together; compare looks at runs one after the other", j+1, i+1)
			}
		}
	}
	return false, nil
}

// differentRuns reports whether the results are of several runs, and returns why those cannot be
// added up: the books of each must be closed.
func differentRuns(all []*Result) (why error, several bool) {
	for i, r := range all {
		if !slices.Equal(r.RunIDs, all[0].RunIDs) {
			several = true
		}
		switch {
		case slices.Contains(r.RunIDs, ""):
			return cannot("result %d received no message, so its run is unknown: give all processes of a run the same --run-id", i+1), true
		case r.closed() && all[0].closed() || slices.Equal(r.RunIDs, all[0].RunIDs):
			continue
		}
		return cannot("results 1 and %d are of different runs (%s and %s): give all processes of a run the same --run-id",
			i+1, strings.Join(all[0].RunIDs, " "), strings.Join(r.RunIDs, " ")), true
	}
	return nil, several
}

// closed reports whether everything that was sent was to be received by the same process, and vice
// versa.
func (r *Result) closed() bool {
	return !r.BooksOpen && r.Plan.Producers > 0 && r.Plan.Consumers > 0
}

// baseOf returns the report that the others are added to. What cannot be added up is taken from the
// first part that sends or, if it is about receiving, from the first that receives.
func baseOf(all []*Result) report.Report {
	out := all[0].Report
	if i := slices.IndexFunc(all, func(r *Result) bool { return r.Plan.Producers > 0 }); i >= 0 {
		out = all[i].Report
	}
	if i := slices.IndexFunc(all, func(r *Result) bool { return r.Plan.Consumers > 0 }); i >= 0 {
		p := &all[i].Plan
		out.Plan.ConsumeFrom, out.Plan.Delivery, out.Plan.Ack, out.Plan.AckEvery = p.ConsumeFrom, p.Delivery, p.Ack, p.AckEvery
		out.Plan.NackShare, out.Plan.Prefetch = p.NackShare, p.Prefetch
		out.Plan.ConsumerLatencyNs, out.Plan.SlowConsumers = p.ConsumerLatencyNs, p.SlowConsumers
	}
	out.Failure, out.AckError, out.Partial, out.ExitCode, out.BooksOpen, out.United = "", "", false, 0, false, false
	out.Values, out.Latency = metric.Values{}, report.Latency{}
	out.Plan.Producers, out.Plan.Consumers, out.Plan.Count, out.Plan.RatePerSec = 0, 0, 0, 0
	out.Plan.ProducerConnections, out.Plan.ConsumerConnections = 0, 0
	out.SLO, out.SLODeferred = nil, ""
	out.Verdict, out.Ceiling = verdictOf(all)
	return out
}

// verdictOf returns the verdict of the only part that sent or, of several, the one that makes the
// result invalid.
func verdictOf(all []*Result) (v *verdict.Verdict, c *report.Ceiling) {
	senders := 0
	for _, r := range all {
		if r.Plan.Producers == 0 || r.Verdict == nil {
			continue
		}
		if senders++; senders == 1 {
			v, c = r.Verdict, r.Ceiling
		} else if !v.Invalid {
			v = r.Verdict
		}
	}
	if senders > 1 {
		c = nil
		if !v.Invalid {
			v = nil
		}
	}
	return v, c
}

// ends returns when the last interval of the series ends.
func (r *Result) ends() time.Time {
	if n := len(r.Series.Intervals); n > 0 {
		return r.StartedAt.Add(time.Duration(r.Series.Intervals[n-1].T * float64(time.Second)))
	}
	return r.StartedAt
}

// addReport adds the values that can be added number by number.
func (r *Result) addReport(o *report.Report) {
	r.Partial = r.Partial || o.Partial
	if r.Failure == "" {
		r.Failure = o.Failure
	}
	if r.AckError == "" {
		r.AckError = o.AckError
	}
	r.ExitCode = Worse(r.ExitCode, o.ExitCode)
	r.BooksOpen = r.BooksOpen || o.BooksOpen
	r.DeferSLO(o.SLODeferred)
	r.Plan.Producers += o.Plan.Producers
	r.Plan.Consumers += o.Plan.Consumers
	r.Plan.ProducerConnections += o.Plan.ProducerConnections
	r.Plan.ConsumerConnections += o.Plan.ConsumerConnections
	r.Plan.Count += o.Plan.Count
	r.Plan.RatePerSec += o.Plan.RatePerSec
}

// Worse returns the more severe of two exit codes: faults of the broker's books come first, then
// runs that could not be made.
func Worse(a, b int) int {
	order := []int{0, 5, 99, 4, 130, 2, 1, 3}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
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

// span is a period; the zero value is none.
type span struct{ from, to time.Time }

// add extends the span to include another one.
func (s *span) add(start time.Time, from, seconds float64) {
	if seconds <= 0 {
		return
	}
	start = start.Add(time.Duration(from * float64(time.Second)))
	end := start.Add(time.Duration(seconds * float64(time.Second)))
	if s.from.IsZero() || start.Before(s.from) {
		s.from = start
	}
	if end.After(s.to) {
		s.to = end
	}
}

// set sets the length, and the beginning relative to start.
func (s *span) set(v *metric.Values, length, from metric.ID, start time.Time) {
	v.Set(length, s.to.Sub(s.from).Seconds())
	v.Set(from, 0)
	if !s.from.IsZero() {
		v.Set(from, s.from.Sub(start).Seconds())
	}
}

// addTimes merges the times and then the metrics, whose averages are over them.
func (r *Result) addTimes(all []*Result) {
	var parts []*metric.Values
	var sending, receiving span
	for _, o := range all {
		v := o.Values
		sending.add(o.StartedAt, v.Value(metric.SendingFrom), v.Value(metric.Sending))
		receiving.add(o.StartedAt, v.Value(metric.ReceivingFrom), v.Value(metric.Receiving))
		if o.Plan.Producers == 0 { // it does not know the size
			v.Set(metric.ReceivedBytesPerS, v.Value(metric.ReceivedPerS)*float64(r.Plan.SizeBytes))
		}
		parts = append(parts, &v)
	}
	sending.set(&r.Values, metric.Sending, metric.SendingFrom, r.StartedAt)
	receiving.set(&r.Values, metric.Receiving, metric.ReceivingFrom, r.StartedAt)
	r.Merge(parts...)
	// At least the maximum of each part, and the sum of all at any time.
	backlog := r.Count(metric.MaxBacklog)
	for i := range r.Series.Intervals {
		backlog = max(backlog, r.Series.Intervals[i].Count(metric.Backlog))
	}
	r.SetCount(metric.MaxBacklog, backlog)
	r.Restrict(r.Plan.Consumers > 0)
}

// addHistograms adds the histograms, and computes the report's distributions from them. When sending
// flat out, latencies from due equal those from send, which a part that only receives cannot know.
func (r *Result) addHistograms(all []*Result) {
	flatOut := r.Plan.Producers > 0 && r.Plan.RatePerSec == 0
	if flatOut {
		r.Series.Drop(series.FromDue)
	}
	for _, kind := range series.Kinds() {
		sum := histo.New()
		for _, o := range all {
			if h, ok := o.Histograms[kind]; ok && !(flatOut && kind == series.FromDue) {
				h.addTo(sum)
			}
		}
		if sum.Count() > 0 {
			r.Histograms[kind] = pack(sum)
		}
	}
	for _, kind := range series.Kinds() {
		r.Latency[kind] = report.DistributionOf(r.Histogram(kind))
	}
}
