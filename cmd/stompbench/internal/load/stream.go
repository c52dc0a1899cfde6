package load

import (
	"cmp"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// stream is the messages of one producer to one destination: the unit of the books, with its own
// sequence numbers.
type stream struct {
	p           *producer
	id          uint32
	destination int
	place       int    // number among the streams of p
	among       uint32 // number among the streams of its route
	copies      uint64 // number of groups that receive it
	sender      transport.Sender
	seq         uint64 // number of the last message that was handed over; the sending goroutine only
	warmup      uint64 // number of messages in the warm-up; likewise

	// sent is how many messages the broker may have: without transactions all that were sent, with
	// transactions those whose COMMIT was sent.
	sent atomic.Uint64

	// The time at which each message that asked for a receipt and has no outcome was sent, by the
	// number of the receipt.
	sentAt []atomic.Int64

	confirmed ledger.Set // guarded by p.mu, like rejected
	rejected  ledger.Set
}

const (
	minSpan = 64      // the least number of receipts of a stream that may be outstanding
	maxSpan = 1 << 20 // the largest window of the client
)

// span returns the largest distance between the oldest and the newest outstanding receipt of a
// stream. The producer enforces the window itself, to measure how long it waits. The window counts
// messages without an outcome, so receipts that come out of order make the span longer than the
// window.
func span(window, streams int) int {
	return min(max(4*window/streams, minSpan), 4*window, maxSpan)
}

// outcome is called by the client, from any goroutine.
func (s *stream) outcome(o conn.Outcome) {
	p := s.p
	now := p.run.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen {
		return
	}
	if p.gate != nil {
		defer p.gate.leave()
	} else {
		s.sent.Store(o.Seq) // the transaction is committed
	}
	switch o.Status {
	case conn.Confirmed:
		s.confirmed.Add(o.Seq)
		sent := s.slot(o.Seq).Load()
		in := p.run.phaseOf(sent)
		p.confirms[in].add(now - sent)
		if in == measured {
			p.lastConfirm = now
		}
	case conn.Rejected:
		s.rejected.Add(o.Seq)
		p.refusal = cmp.Or(p.refusal, o.Err)
	default: // see unknown
		if s.sentAt != nil {
			p.unanswered(now, s.slot(o.Seq).Swap(0))
		}
	}
}

// slot returns where the time of the message with receipt n is kept.
func (s *stream) slot(n uint64) *atomic.Int64 { return &s.sentAt[n&uint64(len(s.sentAt)-1)] }

// asked returns how many messages asked for a receipt.
func (s *stream) asked() uint64 { return s.sent.Load() / s.p.every }

// unknown returns how many messages asked for a receipt and have no known outcome. p.mu is held.
// They are computed from the known outcomes, because the client may report the others after the
// books are closed.
func (s *stream) unknown() uint64 {
	if s.sentAt == nil {
		return 0
	}
	asked := s.asked()
	known := s.confirmed.Len() + s.rejected.Len()
	return asked - min(known, asked)
}

// account returns the stream's account for the books. p.mu is held.
func (s *stream) account() ledger.Account {
	a := ledger.Account{Sent: s.sent.Load(), Every: s.p.every, Rejected: &s.rejected}
	if s.sentAt != nil {
		a.Confirmed = &s.confirmed
	}
	return a
}
