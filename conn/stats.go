package conn

import "github.com/stompwire/stompwire/engine/link"

// Stats returns a snapshot of what has passed through all connections that the client
// has had. Queued is what waits on those that it has. What a handler is still busy with
// when its connection ends may be left out.
func (cl *Client) Stats() (sum link.Stats) {
	for _, ln := range cl.lanes() {
		ln.mu.Lock()
		past, c := ln.past, ln.live
		ln.mu.Unlock()
		sum = addStats(sum, past)
		if c != nil {
			sum = addStats(sum, c.Stats())
		}
	}
	return sum
}

func addStats(a, b link.Stats) link.Stats {
	a.BytesIn += b.BytesIn
	a.BytesOut += b.BytesOut
	a.FramesIn += b.FramesIn
	a.FramesOut += b.FramesOut
	a.BeatsIn += b.BeatsIn
	a.BeatsOut += b.BeatsOut
	a.Writes += b.Writes
	a.Queued += b.Queued
	return a
}

// ProducerStats is a snapshot of what has become of the sends of a producer.
type ProducerStats struct {
	Sent      uint64 // numbers given out
	Confirmed uint64
	Rejected  uint64
	Unknown   uint64
	Pending   uint64 // without outcome; Sent is the sum of these four
}

// Stats returns a snapshot. Without a Window nothing is counted.
func (p *Producer) Stats() ProducerStats {
	if p.win == nil {
		return ProducerStats{}
	}
	return p.win.stats()
}

// stats counts what is pending, so that nobody has to count what is confirmed. It looks
// at the other counts last, and they grow before a number is settled: so what happens
// meanwhile makes Confirmed too small for a moment, and never too large.
func (w *window) stats() (s ProducerStats) {
	low := w.low.Load()
	s.Sent = w.last.Load()
	for seq := low + 1; seq <= s.Sent; seq++ {
		if w.slot(seq).Load() == seq {
			s.Pending++
		}
	}
	s.Rejected, s.Unknown = w.rejected.Load(), w.unknown.Load()
	if others := s.Rejected + s.Unknown + s.Pending; others < s.Sent {
		s.Confirmed = s.Sent - others
	}
	return s
}

// Stats returns a snapshot.
func (p *ClientProducer) Stats() ProducerStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return ProducerStats{
		Sent: p.last, Confirmed: p.confirmed, Rejected: p.rejected, Unknown: p.unknown,
		Pending: p.last - p.confirmed - p.rejected - p.unknown,
	}
}
