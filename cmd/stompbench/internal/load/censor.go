package load

import "github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"

// A latency is known when the end that it waits for comes. If only such latencies were recorded, a
// broker that stops would look fast: the messages that it delayed most would count nowhere. So three
// kinds of messages become right-censored samples, lower bounds of the latencies they would have had:
//
//   - due and never sent: of from_due and send_delay, from the due time to the end of sending;
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

// censor records that messages of a stream, which were due by the schedule, had not arrived at until;
// or, if unsent, not even left.
func (s *stream) censor(missing ledger.Interval, until int64, unsent bool) {
	r, index := s.p.run, s.p.index
	step := missing.Len()/mostSamples + 1
	for first := missing.First; first <= missing.Last; first += step {
		last := min(first+step-1, missing.Last)
		due, n := s.due(last), last-first+1
		delay, fromDue := r.delay.For(index), r.fromDue.For(index)
		if due < r.measureFrom.Load() {
			delay, fromDue = r.warmup.delay, r.warmup.due
		}
		if unsent {
			delay.RecordAtLeast(until-due, n)
			n *= max(1, s.copies) // each subscriber that gets everything waits for it
		}
		fromDue.RecordAtLeast(until-due, n)
	}
}

// censorUnsent counts the messages from number k of the producer on, from 0, that were due before
// until and were not sent, and records them.
func (p *producer) censorUnsent(k uint64, until int64) {
	due := min(p.schedule.Before(until), p.quota)
	p.unsent = due - min(k, due)
	n := uint64(len(p.streams))
	for i, s := range p.streams {
		place := uint64(i)
		from, to := (k+n-1-place)/n, (due+n-1-place)/n // of the stream, before k and before due
		if from < to {
			s.censor(ledger.Interval{First: from + 1, Last: to}, until, true)
		}
	}
}

// censorMissing records, when the books are frozen, what has not come by now.
func (r *run) censorMissing(now int64) {
	for _, s := range r.streams {
		s.censorReceipts(now)
	}
	if r.plan.FlatOut() || r.plan.Shared() {
		return
	}
	r.tallies()
	accounts := r.accounts()
	for _, g := range r.groups {
		for stream, missing := range g.book.Lost(accounts) {
			r.streams[stream].censor(missing, now, false)
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
	// The window keeps the messages that still wait within the slots. Earlier ones without a receipt
	// were given up on the way: see outcome.
	last := s.asked()
	for n := last - min(last, uint64(len(s.sentAt))) + 1; n <= last; n++ {
		if at := s.slot(n).Load(); at != 0 && !s.confirmed.Has(n) && !s.rejected.Has(n) {
			p.unanswered(now, at)
		}
	}
}

// unanswered records a message that was sent at a time and has no receipt. mu is held.
func (p *producer) unanswered(now, at int64) {
	to := p.confirms.recorder
	if at < p.run.measureFrom.Load() {
		to = p.warmConfirms.recorder
	}
	to.RecordAtLeast(now-at, 1)
}
