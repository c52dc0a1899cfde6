package load

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// A latency is known when the end that it waits for comes. If only such latencies were recorded, a
// broker that stops would look fast: the messages that it delayed most would count nowhere. So three
// kinds of messages become right-censored samples, lower bounds of the latencies they would have had:
//
//   - due and never sent: of from_due, if anybody receives, and send_delay, from the due time to the end
//     of sending, that of the plan if a failure came before it;
//   - sent and never received: of from_due, from the due time to the end of the drain;
//   - sent without ever a receipt: of confirm, from sending to the end of the drain.
//
// A lost message has no sample of from_send, and with --rate none of a shared run has one of from_due:
// only the receiver would know when it was sent. The report says how many were lost.

// mostSamples bounds the work for one stream: a broker may stop for minutes at a million messages a
// second. Messages that follow each other then share the sample of the last, the lowest bound.
const mostSamples = 1 << 18

// due returns when a message of the stream is due by the schedule.
func (s *stream) due(seq uint64) int64 {
	return s.p.schedule.Due((seq-1)*uint64(len(s.p.streams)) + uint64(s.place))
}

// atLeast records that messages of a stream have waited until then since they were due; each counts n
// times.
func (s *stream) atLeast(missing ledger.Interval, until int64, n uint64, of metric.Latency) {
	step := missing.Len()/mostSamples + 1
	for first := missing.First; first <= missing.Last; first += step {
		last := min(first+step-1, missing.Last)
		due := s.due(last)
		s.p.run.recorders[s.p.run.phaseOf(due)][of].RecordAtLeast(until-due, n*(last-first+1))
	}
}

// closeUnsent counts the messages that were due and are not in the books as sent, once these are
// frozen: those that never left, and those of transactions that were never committed. Flat out, a
// message is due when it is handed to the connection.
func (p *producer) closeUnsent() {
	r, due := p.run, uint64(0)
	until := r.sendingEnds()
	if p.schedule != nil {
		due = min(p.schedule.Before(until), p.quota)
		if r.cause() != nil {
			p.cutOff = due - min(p.schedule.Before(p.ended), due)
		}
	}
	n := uint64(len(p.streams))
	for i, s := range p.streams {
		sent := s.sent.Load()
		mine := max(s.seq, sent, (due+n-1-uint64(i))/n)
		p.unsent += mine - sent
		if p.schedule != nil {
			s.atLeast(ledger.Interval{First: s.seq + 1, Last: mine}, until, 1, metric.SendDelay)
			// One sample for each subscriber that should have received it. A run without consumers has no
			// from_due: its only samples would be lower bounds.
			if len(r.groups) > 0 || r.Plan.Shared() {
				s.atLeast(ledger.Interval{First: sent + 1, Last: mine}, until, max(1, s.copies), metric.FromDue)
			}
		}
	}
}

// censorMissing records, when the books are frozen, what has not come by now.
func (r *run) censorMissing(now int64) {
	for _, p := range r.producers {
		p.closeUnsent()
	}
	for _, s := range r.streams {
		s.censorReceipts(now)
	}
	if r.Plan.FlatOut() || r.Plan.Shared() {
		return
	}
	r.arrived(nil) // records everything gathered
	accounts := r.accounts()
	for _, g := range r.groups {
		for i, id := range g.streams {
			for missing := range g.book.Lost(i, &accounts[id]) {
				r.streams[id].atLeast(missing, now, 1, metric.FromDue)
			}
		}
	}
}

// censorReceipts records the messages whose receipt has not come.
func (s *stream) censorReceipts(now int64) {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.unknown() == 0 {
		return
	}
	// The window keeps the messages that still wait within the slots, of which one may be that of a
	// message that never left. Earlier ones without a receipt were given up on the way: see outcome.
	last := s.asked()
	for n := last - min(last, uint64(len(s.sentAt)-1)) + 1; n <= last; n++ {
		if at := s.slot(n).Load(); at != 0 && !s.confirmed.Has(n) && !s.rejected.Has(n) {
			p.unanswered(now, at)
		}
	}
}

// unanswered records a message that was sent at a time and has no receipt. mu is held.
func (p *producer) unanswered(now, at int64) {
	p.confirms[p.run.phaseOf(at)].recorder.RecordAtLeast(now-at, 1)
}
