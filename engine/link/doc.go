// Package link is one STOMP connection below the session: bytes in become frames
// for a [Handler], frames out gather in a bounded outbox and leave in batches.
// It does not know who reads the socket; a driver does that and hands the bytes
// to [Link.Feed]: package engine from gnet event loops, package engine/pump from
// one goroutine per connection. Both drive the same Link.
//
// # The reading side
//
// Exactly one goroutine at a time feeds a link, "the reading goroutine". Handler
// methods run on it. When a handler blocks, the link is not read and the peer
// feels it as TCP back-pressure; nothing else waits. A handler that must not block,
// because it shares its loop with other links, calls [Link.Pause] instead.
//
// # The writing side
//
// A sender reserves the tail of the outbox, appends one or more whole frames and
// commits. The first commit into an idle outbox starts the flusher, a goroutine
// that lives only while there is something to write: it swaps the outbox with an
// empty buffer and writes the batch outside the lock. So the first frame leaves
// at once and what gathers during a write leaves with the next; batching adds no
// delay. Above the high-water mark Reserve waits, TryReserve refuses.
//
// # Liveness
//
// Heart-beats are counted in bytes and kept by a timer that does not pass through
// the handler: a handler that sleeps neither stops ours nor makes us believe that
// the peer is dead, for the peer's silence does not count while we do not read.
//
// # Locks
//
// One mutex, mu, for the outbox and the state. It is never held over I/O or a
// Handler method. Between Reserve and Commit the caller holds it.
//
// Imports: frame, parser, pool and net. No gnet, no STOMP session.
package link
