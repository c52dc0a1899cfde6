package link

// A frame that was never handed to the kernel can safely be sent again. To tell which frames those
// are, the link numbers committed bytes: a frame begins at an offset (Tail), and writing has
// reached an offset (Attempted).
//
// Offsets count committed bytes in the order in which they leave, not the bytes on the wire. So a
// frame's offset is known when it is committed. Two kinds of bytes have no offset: bytes that a
// Batcher inserts, and the parts of a frame that are committed while others wait behind it. Bytes
// without an offset only move others back on the wire. So the first n bytes of a batch contain no
// frame that begins at offset n of that batch or later. Inside a batch Attempted may be too high,
// by the number of bytes without an offset, and is never too low.
//
// Attempted is raised before each Write, with mu held and only while the link is not closed. So its
// value is final once the link is closed, even if a Write is still in progress.

// Tail returns the offset of the frame that the caller is about to append. It may only be called
// between a Reserve method and Commit or CommitPart, by the caller that has reserved. For a frame
// in parts, call it before the first part is appended.
func (l *Link) Tail() uint64 {
	if l.toBehind {
		return l.tailAt() + uint64(len(l.behind.B))
	}
	return l.tailAt()
}

// tailAt returns the offset at which the outbox ends. It is computed on demand, so that Commit does
// no work for it. mu is held.
func (l *Link) tailAt() uint64 { return l.headAt + uint64(l.queued()-l.placeless) }

// Attempted returns the offset up to which bytes were handed to the connection, whether it took
// them or not. Once the link is closed the value is final, and a frame that begins at that offset
// or later has certainly not left.
func (l *Link) Attempted() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.attempted
}

// batchRange is the offsets of a batch.
type batchRange struct{ from, to uint64 }

// takeBatch returns the offsets of the outbox and starts the next batch behind them. It is called
// before OnBatch. mu is held.
func (l *Link) takeBatch() batchRange {
	r := batchRange{l.headAt, l.tailAt()}
	l.headAt, l.placeless = r.to, 0
	return r
}

// attempt notes that the first n bytes of a batch are about to be handed to the connection.
// mu is held.
func (l *Link) attempt(r batchRange, n int) {
	l.attempted = max(l.attempted, min(r.from+uint64(n), r.to))
}

// attemptMore locks mu and calls attempt, with left bytes of the batch not written. It returns false
// if the link is closed; then nothing may be written.
func (l *Link) attemptMore(r batchRange, n, left int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == stateClosed {
		return false
	}
	l.inFlight = left
	l.attempt(r, n)
	return true
}
