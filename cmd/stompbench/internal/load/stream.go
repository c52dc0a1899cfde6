package load

import (
	"sync/atomic"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// stream is what one producer sends to one destination: the unit of the books,
// with numbers of its own.
type stream struct {
	p           *producer
	id          uint32
	destination int
	copies      uint64 // how many groups it goes to
	sender      transport.Sender
	seq         uint64 // of the last message; the sending goroutine only
	warmup      uint64 // how many of them were of the warm-up; likewise

	// sent is how many messages the broker may have: without transactions all that
	// were handed over, with them those whose COMMIT was.
	sent atomic.Uint64

	// When each message that asked for a receipt and has no outcome was sent, by
	// the number of the receipt.
	sentAt []atomic.Int64

	confirmed ledger.Set // guarded by p.mu, like rejected
	rejected  ledger.Set
}

// minSpan is the least number of receipts of a stream that may be outstanding.
const minSpan = 64

// maxSpan is the largest window of the client.
const maxSpan = 1 << 20

// span returns how far apart the oldest and the newest receipt of a stream may be
// that are outstanding. The producer keeps to its window itself, to know when it
// waits; that counts messages without outcome, so receipts that come out of order
// make the span longer than the window.
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
		s.sent.Store(o.Seq) // it is committed
	}
	switch o.Status {
	case conn.Confirmed:
		s.confirmed.Add(o.Seq)
		if at := s.sentAt[o.Seq&uint64(len(s.sentAt)-1)].Load(); at >= p.run.measureFrom.Load() {
			p.confirms.add(now - at)
		} else {
			p.warmConfirms.add(now - at)
		}
	case conn.Rejected:
		s.rejected.Add(o.Seq)
		if p.refusal == nil {
			p.refusal = o.Err
		}
	}
	// What became of the others is not known; see unknown.
}

// unknown returns how many messages asked for a receipt and never had an outcome that
// says anything; it holds p.mu. They are counted from what is known, since the client
// may tell of them after the books are closed.
func (s *stream) unknown() uint64 {
	if s.sentAt == nil {
		return 0
	}
	asked := s.sent.Load()
	if s.p.gate != nil {
		asked /= s.p.every
	}
	known := s.confirmed.Len() + s.rejected.Len()
	return asked - min(known, asked)
}

// account closes the stream's side of the books; it holds p.mu.
func (s *stream) account() ledger.Account {
	a := ledger.Account{Sent: s.sent.Load(), Rejected: &s.rejected}
	if s.sentAt != nil {
		a.Confirmed = &s.confirmed
		if s.p.gate != nil {
			a.Every = uint64(s.p.run.plan.ReceiptEvery)
		}
	}
	return a
}
