package load

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
)

// Result is what came out of a run.
type Result struct {
	ID          uint64    // of the run, which is in every message; 0 if none has come
	Start       time.Time // of the load
	Ready       Ready
	Interrupted bool  // the caller's context ended
	Failure     error // why the run ended early, nil if it did not
	Refusal     error // the first message that the broker rejected, nil if none

	Books   ledger.Balance
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
	MeasuredSent, MeasuredReceived uint64
	// Unsent is how many messages were due while producers were held up, and
	// never sent.
	Unsent     uint64
	MaxBacklog uint64

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
		ID: r.id.Load(), Start: time.Unix(0, r.start).UTC(),
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

	from := max(r.start, r.measureFrom.Load())
	out.Sending = time.Duration(max(0, lastSent-from))
	if len(r.producers) == 0 {
		from = max(t.first, r.measureFrom.Load())
	}
	out.Receiving = time.Duration(max(0, t.last-from))

	r.collect() // what account and tallies have flushed
	s := &r.sampler
	out.FromSend, out.FromDue, out.Delay, out.Confirm = s.totalSend, s.totalDue, s.totalDelay, s.totalConfirm
	if r.plan.FlatOut() && r.plan.Producers > 0 {
		out.FromDue = out.FromSend
	}
	return out
}
