package results

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// MergeError says why results cannot be merged, and what to do.
type MergeError struct{ Reason string }

func (e *MergeError) Error() string { return e.Reason }

func cannot(format string, args ...any) error { return &MergeError{fmt.Sprintf(format, args...)} }

// Merge adds up what several machines did at the same time, as if one had done it:
// counts and histograms exactly, the seconds by the clock on the wall. The error is
// a [*MergeError].
//
// Each machine has closed its books by itself: what one sent and another received
// is in nobody's. Where a machine had only producers or only consumers, the sum
// therefore leaves the books open and says so.
func Merge(all []*Result) (*Result, error) {
	if err := mergeable(all); err != nil {
		return nil, err
	}
	first := all[0]
	out := &Result{Report: first.Report, Histograms: map[series.Kind]Histogram{}}
	out.Failure, out.AckError, out.Partial, out.ExitCode = "", "", false, 0
	out.Totals, out.Seconds, out.Rates, out.Process = report.Totals{}, report.Seconds{}, report.Rates{}, report.Process{}
	out.Plan.Producers, out.Plan.Consumers, out.Plan.Count, out.Plan.RatePerSec = 0, 0, 0, 0
	out.Plan.ProducerConnections, out.Plan.ConsumerConnections = 0, 0

	var parts []series.Part
	for _, r := range all {
		out.addReport(&r.Report)
		out.RunIDs = append(out.RunIDs, r.RunIDs...)
		out.Machines = append(out.Machines, r.Machines...)
		parts = append(parts, series.Part{Start: r.StartedAt, Series: &r.Series})
	}
	out.StartedAt, out.Series = series.Align(parts)
	out.addTimes(all)
	out.addHistograms(all)
	return out, nil
}

// mergeable says why the results are no parts of one run.
func mergeable(all []*Result) error {
	if len(all) < 2 {
		return cannot("merge takes the results of at least two machines")
	}
	seen := map[string]int{}
	for i, r := range all {
		key := strings.Join(r.RunIDs, " ") + r.StartedAt.String()
		if j, ok := seen[key]; ok {
			return cannot("results %d and %d are the same one: give each machine's once", j+1, i+1)
		}
		seen[key] = i
		for j, other := range all[:i] {
			if !r.StartedAt.Before(other.ends()) || !other.StartedAt.Before(r.ends()) {
				return cannot("results %d and %d are not of the same time: merge adds up what several machines did together; compare looks at runs one after the other", j+1, i+1)
			}
		}
	}
	return nil
}

// ends is when the last interval of the series ends.
func (r *Result) ends() time.Time {
	if n := len(r.Series.Intervals); n > 0 {
		return r.StartedAt.Add(time.Duration(r.Series.Intervals[n-1].T * float64(time.Second)))
	}
	return r.StartedAt
}

// addReport adds what can be added number by number.
func (r *Result) addReport(o *report.Report) {
	r.Partial = r.Partial || o.Partial
	if r.Failure == "" {
		r.Failure = o.Failure
	}
	if r.AckError == "" {
		r.AckError = o.AckError
	}
	r.ExitCode = worse(r.ExitCode, o.ExitCode)
	r.BooksOpen = r.BooksOpen || o.BooksOpen || o.Plan.Producers == 0 || o.Plan.Consumers == 0
	r.Plan.Producers += o.Plan.Producers
	r.Plan.Consumers += o.Plan.Consumers
	r.Plan.ProducerConnections += o.Plan.ProducerConnections
	r.Plan.ConsumerConnections += o.Plan.ConsumerConnections
	r.Plan.Count += o.Plan.Count
	r.Plan.RatePerSec += o.Plan.RatePerSec
	addCounts(&r.Totals, &o.Totals)
	r.Process.GCCycles += o.Process.GCCycles
	r.Process.GCPauseNsTotal += o.Process.GCPauseNsTotal
	r.Process.CPUCores += o.Process.CPUCores
}

// worse is the exit code that weighs more: integrity above all, then what could not
// run, then the rest.
func worse(a, b int) int {
	order := []int{0, 130, 99, 4, 2, 1, 3}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// addTimes computes how long all of it took, and with that the rates.
func (r *Result) addTimes(all []*Result) {
	var sent, received, sentBytes, receivedBytes, cpu, allocations, messages float64
	for _, o := range all {
		late := o.StartedAt.Sub(r.StartedAt).Seconds()
		if o.Seconds.Sending > 0 {
			r.Seconds.Sending = max(r.Seconds.Sending, late+o.Seconds.Sending)
		}
		if o.Seconds.Receiving > 0 {
			r.Seconds.Receiving = max(r.Seconds.Receiving, late+o.Seconds.Receiving)
		}
		sent += o.Rates.Sent * o.Seconds.Sending
		received += o.Rates.Received * o.Seconds.Receiving
		sentBytes += o.Rates.SentBytes * o.Seconds.Sending
		receivedBytes += o.Rates.ReceivedBytes * o.Seconds.Receiving

		n := float64(max(o.Totals.Sent, o.Totals.Received))
		cpu += o.Process.CPUNsPerMsg * n
		allocations += o.Process.AllocsPerMsg * n
		messages += n
	}
	if s := r.Seconds.Sending; s > 0 {
		r.Rates.Sent, r.Rates.SentBytes = sent/s, sentBytes/s
	}
	if s := r.Seconds.Receiving; s > 0 {
		r.Rates.Received, r.Rates.ReceivedBytes = received/s, receivedBytes/s
	}
	if messages > 0 {
		r.Process.CPUNsPerMsg, r.Process.AllocsPerMsg = cpu/messages, allocations/messages
	}
	// At least what one of them saw by itself, and what all of them had at a time.
	r.Totals.MaxBacklog = 0
	for _, o := range all {
		r.Totals.MaxBacklog = max(r.Totals.MaxBacklog, o.Totals.MaxBacklog)
	}
	for i := range r.Series.Intervals {
		r.Totals.MaxBacklog = max(r.Totals.MaxBacklog, r.Series.Intervals[i].Backlog)
	}
}

// addHistograms adds the histograms, and computes of them what the report says.
func (r *Result) addHistograms(all []*Result) {
	for _, kind := range series.Kinds() {
		sum := histo.New()
		for _, o := range all {
			if h, ok := o.Histograms[kind]; ok {
				sum.Add(h.HDR.WithBeyond(h.Negative, h.TooLong))
			}
		}
		if sum.Count() > 0 {
			r.Histograms[kind] = pack(sum)
		}
		*r.Distribution(kind) = report.DistributionOf(sum)
	}
	if _, ok := r.Histograms[series.FromDue]; !ok {
		r.Latency.FromDue = r.Latency.FromSend // flat out they are the same
	}
}

// addCounts adds every count of o to sum, so that one that is new is not forgotten.
func addCounts(sum, o *report.Totals) {
	to, from := reflect.ValueOf(sum).Elem(), reflect.ValueOf(o).Elem()
	for i := range to.NumField() {
		if to.Field(i).Kind() == reflect.Uint64 {
			to.Field(i).SetUint(to.Field(i).Uint() + from.Field(i).Uint())
		}
	}
}
