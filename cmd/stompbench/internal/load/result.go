package load

import (
	"time"

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
	if r.Planned <= 0 {
		return rate
	}
	planned := float64(n) / r.Planned.Seconds()
	if d <= r.Planned {
		return planned
	}
	return min(rate, planned)
}

// freeze stops recording, because a session that was cut off may still deliver messages, and records
// what has not come.
func (r *run) freeze() {
	for _, p := range r.producers {
		p.mu.Lock()
		p.frozen = true
		p.mu.Unlock()
	}
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
	out := &Result{
		ID: r.id.Load(), Open: r.Plan.Shared(), Start: time.Unix(0, r.start).UTC(),
		AckError: t.ackErr,
		Ready:    r.ready, Interrupted: interrupted, Failure: r.cause(),
		Counts: t.counts, MeasuredReceived: t.measured,
		MaxBacklog: r.sampler.maxBacklog, Cost: cost,
		Consumers: len(r.consumers), DrainCut: r.drainCut,
	}
	out.Waits = r.producersWaits()
	var lastSent, lastConfirm int64
	for _, p := range r.producers {
		lastSent = max(lastSent, p.lastSent)
		out.Unsent += p.unsent
		out.CutOff += p.cutOff
		if out.Refusal == nil {
			out.Refusal = p.refusal
		}
		p.mu.Lock()
		lastConfirm = max(lastConfirm, p.lastConfirm)
		for _, s := range p.streams {
			sent := s.sent.Load()
			out.MeasuredSent += sent - min(s.warmup, sent)
			out.Unknown += s.unknown()
		}
		p.mu.Unlock()
	}
	r.addConsumers(&out.Waits, t.last)
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
	}

	from := max(r.start, r.measureFrom.Load())
	planned := int64(0)
	if len(r.producers) > 0 {
		planned = r.plannedEnd()
	}
	out.Planned = time.Duration(max(0, planned-from))
	out.Sending, out.SendingFrom = time.Duration(max(0, max(planned, lastSent)-from)), time.Duration(from-r.start)
	if r.Plan.Window > 0 {
		out.Confirming = time.Duration(max(0, max(planned, lastConfirm)-from))
	}
	if r.origins != nil {
		from = t.first
		if from == 0 {
			from = t.last // nothing was measured
		}
	}
	last := t.last
	if len(r.consumers) > 0 && len(r.producers) > 0 {
		last = max(last, planned)
	}
	out.Receiving, out.ReceivingFrom = time.Duration(max(0, last-from)), time.Duration(max(0, from-r.start))

	r.collect() // records what account and tallies have flushed
	s := &r.sampler
	if !out.Open { // no process saw both sides
		out.BacklogSlope, out.BacklogTrend = s.backlog.slope()
	}
	out.Latencies = s.total
	return out
}
