package conn

import (
	"sync/atomic"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// Stats counts what has passed through all connections of a client.
type Stats struct {
	link.Stats         // of all connections; Queued is the bytes in the outboxes now
	Unsolicited uint64 // messages of no known subscription, including late replies
	Skipped     uint64 // messages above Config.Link.Limits, which no handler gets
}

type clientStats struct {
	unsolicited, skipped atomic.Uint64

	past link.Stats // of connections that are gone; guarded by Client.mu
}

// stats returns the counts of one connection. If no heart-beats were agreed on, lone EOLs are not
// counted as heart-beats.
func (w *wire) stats(agreed frame.HeartBeat) link.Stats {
	s := w.l.Stats()
	if agreed.Receive == 0 {
		s.BeatsIn = 0
	}
	return s
}

// Stats returns a snapshot.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	sum := c.stats.past
	agreed := make(map[*wire]frame.HeartBeat, len(c.wires))
	for _, w := range c.wires {
		if w.l != nil { // an attempt has no link yet
			agreed[w] = w.conn.HeartBeat
		}
	}
	c.mu.Unlock()
	for w, beats := range agreed { // the lock of a link comes before that of the client
		sum = addStats(sum, w.stats(beats))
	}
	return Stats{Stats: sum, Unsolicited: c.stats.unsolicited.Load(), Skipped: c.stats.skipped.Load()}
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
