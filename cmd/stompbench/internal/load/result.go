package load

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
)

// Result is what came out of a run.
type Result struct {
	ID          uint64    // of the run, which is in every message; 0 if none has come
	Open        bool      // other processes had part in it: what was lost is for all of them to tell
	Start       time.Time // of the load
	Ready       Ready
	Interrupted bool  // the caller's context ended
	Failure     error // why the run ended early, nil if it did not
	Refusal     error // the first message that the broker rejected, nil if none

	Books   ledger.Balance
	Book    *ledger.Book // what they were closed with, for others who know more
	Corrupt uint64
	Foreign uint64
	Nacked  uint64 // messages that consumers refused
	Unknown uint64 // sends that never had an outcome
	// AckError is the first ACK that could not be sent, nil if there was none.
	AckError error

	// Sending is from the end of the warm-up, or the start without one, to the last
	// send, Receiving to the last message. MeasuredSent and MeasuredReceived are the
	// messages in that time, repeats included.
	Sending, Receiving             time.Duration
	SendingFrom, ReceivingFrom     time.Duration // when that begins, from the start
	MeasuredSent, MeasuredReceived uint64
	// Unsent is how many messages were due while producers were held up, and
	// never sent.
	Unsent     uint64
	MaxBacklog uint64
	// BacklogSlope is by how many messages a second the backlog grew from the end of
	// the warm-up to the end of sending; below 0 it was worked off. BacklogTrend says
	// that it is known: not without producers or consumers, nor of a run of less than
	// ten looks at the backlog.
	BacklogSlope float64
	BacklogTrend bool

	FromSend, FromDue, Delay, Confirm *histo.Histogram
	Cost                              Cost
	Waits                             Waits
	Consumers                         int // of the plan
	// RoundTrip is the shortest receipt that a subscription had before the run,
	// when nothing else was going on; 0 without consumers.
	RoundTrip time.Duration
}

// Partial reports whether the run ended before its time.
func (r *Result) Partial() bool { return r.Interrupted || r.Failure != nil }

// Intact reports whether every message that was sent came once and undamaged.
func (r *Result) Intact() bool { return r.Books.Balanced() && r.Corrupt == 0 }

// SentPerSecond is the rate at which messages were sent, after the warm-up.
func (r *Result) SentPerSecond() float64 { return perSecond(r.MeasuredSent, r.Sending) }

// ReceivedPerSecond is the rate at which messages came, after the warm-up.
func (r *Result) ReceivedPerSecond() float64 { return perSecond(r.MeasuredReceived, r.Receiving) }

// ConfirmedPerSecond is the rate at which messages were confirmed, after the warm-up,
// which is when the latencies of confirmations are taken.
func (r *Result) ConfirmedPerSecond() float64 { return perSecond(r.Confirm.Count(), r.Sending) }

// perSecond is the rate of n messages of which the first and the last are d apart:
// ten of them at one a second take nine. One alone has no rate.
func perSecond(n uint64, d time.Duration) float64 {
	if n < 2 || d <= 0 {
		return 0
	}
	return float64(n-1) / d.Seconds()
}

// freeze keeps stragglers out of the books: a session that was cut off may still
// deliver.
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
}

// result closes the books, which are frozen.
func (r *run) result(interrupted bool, cost Cost) *Result {
	t := r.tallies()
	out := &Result{
		ID: r.id.Load(), Open: r.plan.Shared(), Start: time.Unix(0, r.start).UTC(),
		AckError: t.ackErr,
		Ready:    r.ready, Interrupted: interrupted, Failure: r.cause(),
		Corrupt: t.corrupt, Foreign: t.foreign, Nacked: t.nacked, MeasuredReceived: t.measured,
		MaxBacklog: r.sampler.maxBacklog, Cost: cost, RoundTrip: r.roundTrip.shortest(),
		Consumers: len(r.consumers),
	}
	var lastSent int64
	for _, p := range r.producers {
		lastSent = max(lastSent, p.lastSent)
		out.MeasuredSent += p.sentLen() - p.warmupLen()
		out.Unsent += p.unsent
		p.waits.addTo(&out.Waits, r.start, p.ended)
		if out.Refusal == nil {
			out.Refusal = p.refusal
		}
		p.mu.Lock()
		p.confirms.flush()
		for _, s := range p.streams {
			out.Unknown += s.unknown()
		}
		p.mu.Unlock()
	}
	r.addConsumers(&out.Waits, t.last)
	var books []*ledger.Group
	for _, g := range r.groups {
		books = append(books, g.book)
	}
	out.Books = ledger.Close(r.accounts(), books)
	out.Books.Forgive(out.Corrupt)
	if out.Open {
		// Others may have received what we sent, and sent what we received.
		out.Books.Expected, out.Books.Lost, out.Books.ConfirmedLost, out.Books.Forgotten = 0, 0, 0, 0
	}
	out.Book = r.book()

	from := max(r.start, r.measureFrom.Load())
	out.Sending, out.SendingFrom = time.Duration(max(0, lastSent-from)), time.Duration(from-r.start)
	if r.origins != nil {
		from = t.first
		if from == 0 {
			from = t.last // nothing was measured
		}
	}
	out.Receiving, out.ReceivingFrom = time.Duration(max(0, t.last-from)), time.Duration(max(0, from-r.start))

	r.collect() // what account and tallies have flushed
	s := &r.sampler
	if !out.Open { // nobody saw both sides
		out.BacklogSlope, out.BacklogTrend = s.backlog.slope()
	}
	out.FromSend, out.FromDue, out.Delay, out.Confirm = s.totalSend, s.totalDue, s.totalDelay, s.totalConfirm
	if r.dueIsSent() {
		out.FromDue = out.FromSend
	}
	return out
}
