package load

import (
	"cmp"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Result is the result of a run.
type Result struct {
	ID          uint64    // of the run, as in its messages; 0 if none was received
	Open        bool      // other processes share the run: only all of them together know what was lost
	Start       time.Time // of the load
	Ready       Ready
	Interrupted bool  // the caller's context ended
	Failure     error // why the run ended early, nil if it did not
	Refusal     error // the first message that the broker rejected, nil if none

	// DrainCut: the end was cut short, by the limit or the user: what had not come by then counts as
	// lost, or without an outcome.
	DrainCut bool

	Books   ledger.Balance
	Book    *ledger.Book  // what they were closed with, for merging with other processes
	Counts  metric.Counts // what consumers counted
	Unknown uint64        // sends without an outcome
	// AckError is the first ACK that could not be sent, nil if there was none.
	AckError error

	// Sending is the time from the end of the warm-up, or from the start without one, to the last
	// send; Confirming is the time to the last receipt and Receiving that to the last message. None
	// is shorter than Planned, the time to the planned end of sending, or to when it was stopped; 0 if
	// there was none. MeasuredSent and MeasuredReceived are the messages in that time, including
	// repeated ones.
	Planned, Sending, Confirming, Receiving time.Duration
	Listened                                time.Duration // from the start until the sessions were ended
	SendingFrom, ReceivingFrom              time.Duration // when that time begins, from the start
	MeasuredSent, MeasuredReceived          uint64
	// Unsent is how many messages were due before the end of sending, and never sent; CutOff is how
	// many of those were due after a failure, with a rate.
	Unsent, CutOff uint64
	MaxBacklog     uint64
	// BacklogSlope is by how many messages per second the backlog grew from the end of the warm-up
	// to the end of sending; below 0 it shrank. BacklogTrend says that it is known: it is not
	// without producers or consumers, nor in a run with fewer than ten samples of the backlog.
	BacklogSlope float64
	BacklogTrend bool

	Latencies Latencies
	Cost      Cost
	Waits     Waits
	Consumers int // of the plan
	// RoundTrip is the shortest receipt time of a SUBSCRIBE before the run, when the broker was
	// idle; 0 without consumers.
	RoundTrip time.Duration
}

// Partial reports whether the run ended early.
func (r *Result) Partial() bool { return r.Interrupted || r.Failure != nil }

// Intact reports whether every message that was sent came once and undamaged.
func (r *Result) Intact() bool { return r.Books.Balanced() && r.Counts[metric.Corrupt] == 0 }

// SentPerSecond is the rate of sending after the warm-up.
func (r *Result) SentPerSecond() float64 { return r.perSecond(r.MeasuredSent, r.Sending) }

// ReceivedPerSecond is the rate of receiving after the warm-up.
func (r *Result) ReceivedPerSecond() float64 { return r.perSecond(r.MeasuredReceived, r.Receiving) }

// ConfirmedPerSecond is the rate of confirmations after the warm-up, the time for which their
// latencies are recorded.
func (r *Result) ConfirmedPerSecond() float64 {
	h := r.Latencies[metric.Confirm]
	return r.perSecond(h.Count()-h.Censored, r.Confirming)
}

// perSecond is the rate of n messages. In the planned time d it is n over d. If the first and the
// last are d apart, ten messages at one per second take nine seconds, and one has no rate.
func (r *Result) perSecond(n uint64, d time.Duration) float64 {
	rate := 0.0
	if n > 1 && d > 0 {
		rate = float64(n-1) / d.Seconds()
	}
	switch planned := float64(n) / r.Planned.Seconds(); {
	case r.Planned <= 0:
		return rate
	case d <= r.Planned:
		return planned
	default:
		return min(rate, planned)
	}
}

// Values returns the metrics of the run. Those that need consumers are unknown without them, and so
// are those that need receipts.
func (r *Result) Values() (v metric.Values) {
	v.SetCounts(&r.Counts)
	SetBooks(&v, &r.Books)
	for id, n := range map[metric.ID]uint64{
		metric.Unsent: r.Unsent, metric.Unknown: r.Unknown, metric.MaxBacklog: r.MaxBacklog, metric.GCCycles: uint64(r.Cost.GCs),
	} {
		v.SetCount(id, n)
	}
	for id, x := range map[metric.ID]float64{
		metric.Sending: r.Sending.Seconds(), metric.SendingFrom: r.SendingFrom.Seconds(),
		metric.Receiving: r.Receiving.Seconds(), metric.ReceivingFrom: r.ReceivingFrom.Seconds(),
		metric.SentPerS: r.SentPerSecond(), metric.ConfirmedPerS: r.ConfirmedPerSecond(), metric.ReceivedPerS: r.ReceivedPerSecond(),
		metric.GCPause: float64(r.Cost.GCPause),
	} {
		v.Set(id, x)
	}
	if r.BacklogTrend {
		v.Set(metric.BacklogSlope, r.BacklogSlope)
	}
	if r.Cost.Wall > 0 {
		v.Set(metric.CPUCores, r.Cost.CPU.Seconds()/r.Cost.Wall.Seconds())
	}
	if messages := float64(max(r.MeasuredSent, r.MeasuredReceived)); messages > 0 {
		v.Set(metric.CPUPerMessage, float64(r.Cost.CPU)/messages)
		v.Set(metric.AllocsPerMessage, float64(r.Cost.Allocations)/messages)
	}
	v.Derive()
	v.Restrict(r.Consumers > 0)
	return v
}

// SetBooks sets the metrics of closed books.
func SetBooks(v *metric.Values, b *ledger.Balance) {
	for id, n := range map[metric.ID]uint64{
		metric.Sent: b.Sent, metric.Confirmed: b.Confirmed, metric.Rejected: b.Rejected,
		metric.Expected: b.Expected, metric.Received: b.Received, metric.Lost: b.Lost, metric.ConfirmedLost: b.ConfirmedLost,
		metric.Duplicated: b.Duplicated, metric.Redelivered: b.Redelivered, metric.Reordered: b.Reordered,
	} {
		v.SetCount(id, n)
	}
}

// Get returns a metric; ok is false if it was not measured.
func (r *Result) Get(id metric.ID) (x float64, ok bool) {
	v := r.Values()
	return v.Get(id)
}

// Histogram returns the distribution of a latency.
func (r *Result) Histogram(l metric.Latency) *histo.Histogram { return r.Latencies[l] }

// freeze stops recording, because a session that was cut off may still deliver messages, and records
// what has not come.
func (r *run) freeze() {
	r.eachProducer(func(p *producer) { p.frozen = true })
	for _, c := range r.consumers {
		c.mu.Lock()
		c.frozen = true
		c.mu.Unlock()
	}
	r.censorMissing(r.clock.Now())
}

// result closes the books, which are frozen.
func (r *run) result(interrupted bool, cost Cost) *Result {
	t := r.arrived(nil).tally
	r.collect() // records what the tallies have flushed
	out := &Result{
		ID: r.id.Load(), Open: r.Plan.Shared(), Start: time.Unix(0, r.start).UTC(), Ready: r.ready,
		Interrupted: interrupted, Failure: r.cause(), DrainCut: r.drainCut,
		Counts: t.counts, AckError: t.ackErr, MeasuredReceived: t.measured, MaxBacklog: r.sampler.maxBacklog,
		Latencies: r.sampler.total, Cost: cost, Waits: r.allWaits(t.last), Consumers: len(r.consumers),
	}
	var lastSent, lastConfirm int64
	r.eachProducer(func(p *producer) {
		lastSent, lastConfirm = max(lastSent, p.lastSent), max(lastConfirm, p.lastConfirm)
		out.Unsent += p.unsent
		out.CutOff += p.cutOff
		out.Refusal = cmp.Or(out.Refusal, p.refusal)
		for _, s := range p.streams {
			sent := s.sent.Load()
			out.MeasuredSent += sent - min(s.warmup, sent)
			out.Unknown += s.unknown()
		}
	})
	for _, c := range r.consumers {
		out.RoundTrip = time.Duration(earlier(int64(out.RoundTrip), c.roundTrip))
	}
	out.Book = r.book()
	var foreign uint64
	out.Books, foreign = out.Book.Close()
	out.Books.Received += foreign // of other processes
	out.Books.Forgive(out.Counts[metric.Corrupt])
	if out.Open {
		// Other processes may have received what we sent, and sent what we received.
		out.Books.Expected, out.Books.Lost, out.Books.ConfirmedLost, out.Books.Forgotten = 0, 0, 0, 0
	} else {
		out.BacklogSlope, out.BacklogTrend = r.sampler.backlog.slope()
	}

	from, planned, lastReceived := max(r.start, r.measureFrom.Load()), int64(0), t.last
	if len(r.producers) > 0 {
		// A rate over the time to the last message only would be that of a broker that has not stopped. A
		// run that ended with its quota, flat out, has no planned end.
		if !r.Plan.FlatOut() || r.stoppedAt.Load() != 0 {
			planned = r.sendingEnds()
		}
		if len(r.consumers) > 0 {
			lastReceived = max(lastReceived, planned)
		}
	}
	to := func(end int64) time.Duration { return time.Duration(max(0, end-from)) }
	out.Planned, out.Sending, out.SendingFrom = to(planned), to(max(planned, lastSent)), time.Duration(from-r.start)
	if r.Plan.Window > 0 {
		out.Confirming = to(max(planned, lastConfirm))
	}
	if r.origins != nil {
		from = cmp.Or(t.first, t.last) // the last if nothing was measured
	}
	out.Receiving, out.ReceivingFrom = to(lastReceived), time.Duration(max(0, from-r.start))
	out.Listened = time.Duration(r.closedAt - r.start)
	return out
}
