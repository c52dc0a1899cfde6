// Package link is one STOMP connection below the session. It turns bytes that come in into frames
// for a [Handler], gathers outgoing frames in a bounded outbox, and writes them in batches. It does
// not read the socket itself. A driver does, and hands the bytes to [Link.Feed]: package engine
// from gnet event loops, package engine/pump from one goroutine per connection.
//
// # The reading side
//
// Exactly one goroutine at a time feeds a link: "the reading goroutine". Handler methods run on it.
// While a handler blocks, the link is not read, and TCP back-pressure slows the peer down; other
// links are not affected. A handler that must not block, because it shares its loop with other
// links, calls [Link.Pause] instead.
//
// # The writing side
//
// A sender reserves the tail of the outbox, appends one or more whole frames and commits. The first
// commit into an idle outbox starts the flusher, a goroutine that lives only while there is
// something to write. It swaps the outbox with an empty buffer and writes the batch outside the
// lock. So the first frame leaves at once, and frames committed during a write leave with the next
// batch: batching adds no delay. Above the high-water mark Reserve waits and TryReserve refuses.
//
// # Liveness
//
// A timer of the link keeps the heart-beats and measures liveness in bytes, independent of the
// handler. A handler that sleeps does not stop our heart-beats. The peer's silence does not count
// while the handler keeps the link from reading.
//
// # Locks
//
// One mutex, mu, guards the outbox and the state. It is never held over I/O or a Handler method.
// Between Reserve and Commit the caller holds it.
//
// Imports: frame, parser, pool and net. No gnet, no STOMP session.
package link
