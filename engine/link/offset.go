package link

// A frame that was never handed to the system can be sent again without a doubt. To tell,
// the link numbers what is committed: a frame begins at an offset (Tail), and writing has
// come to an offset (Attempted).
//
// Offsets count committed bytes in the order in which they leave, and not the bytes on the
// wire. Two kinds of bytes have no offset, so that a frame's place is known when it is
// committed: what a Batcher inserts, and the parts of a frame that are committed while others
// wait behind it. Bytes without an offset only move others back on the wire. So n bytes of a batch hold no frame that begins
// at or behind offset n of that batch: inside a batch, Attempted may be too high by as many
// bytes as have no offset, and is never too low.
//
// Attempted is raised before each Write, with mu held and only while the link is not closed.
// So it is final once the link is closed, though a Write may still be about to fail.

// Tail returns the offset at which the frame begins that the caller is about to append. It
// may only be called between a Reserve method and Commit or CommitPart, by the caller that
// has reserved. For a frame in parts it counts when the first part is appended.
func (l *Link) Tail() uint64 {
	if l.toBehind {
		return l.tailAt() + uint64(len(l.behind.B))
	}
	return l.tailAt()
}

// tailAt returns the offset at which the outbox ends. It is reckoned and not kept, so that
// Commit does nothing for it. mu is held.
func (l *Link) tailAt() uint64 { return l.headAt + uint64(l.queued()-l.placeless) }

// Attempted returns the offset up to which bytes were handed to the connection, whether that
// took them or not. Once the link is closed, a frame that begins there or behind has
// certainly not left, and the value no longer changes.
func (l *Link) Attempted() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.attempted
}

// batchRange is the offsets of a batch.
type batchRange struct{ from, to uint64 }

// takeBatch returns the range of the outbox, which starts anew behind it. It comes before
// OnBatch. mu is held.
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

// attemptMore is attempt without the lock. It returns false if the link is closed: then
// nothing may be written.
func (l *Link) attemptMore(r batchRange, n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == stateClosed {
		return false
	}
	l.attempt(r, n)
	return true
}
