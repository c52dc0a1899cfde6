package conn

import (
	"sync/atomic"

	"github.com/stompwire/stompwire/engine/link"
)

// Stats counts what has passed through all connections of a client.
type Stats struct {
	link.Stats         // of the connections; Queued is what waits in the outboxes now
	Unsolicited uint64 // messages of no subscription that we know, late replies included
}

type clientStats struct {
	unsolicited atomic.Uint64

	past link.Stats // of connections that are gone; guarded by Client.mu
}

// add takes note of a connection that is gone. Client.mu is held.
func (s *clientStats) add(w *wire) { s.past = addStats(s.past, w.stats()) }

// stats returns the counts of one connection. One that agreed on no heart-beats has received
// none: its lone EOLs are something else.
func (w *wire) stats() link.Stats {
	s := w.l.Stats()
	if w.conn.HeartBeat.Receive == 0 {
		s.BeatsIn = 0
	}
	return s
}

// Stats returns a snapshot.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	sum := c.stats.past
	var links []*wire
	for _, w := range c.live() {
		if w.l != nil {
			links = append(links, w)
		}
	}
	c.mu.Unlock()
	for _, w := range links {
		sum = addStats(sum, w.stats())
	}
	return Stats{Stats: sum, Unsolicited: c.stats.unsolicited.Load()}
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
