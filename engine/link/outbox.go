package link

import (
	"context"

	"github.com/stompwire/stompwire/pool"
)

// firstOutbox is the size of an outbox's first buffer. The outbox moves to larger pooled buffers as
// it fills. All go back to the pool when the link falls idle.
const firstOutbox = 4 << 10

// Reserve waits until the outbox is below its high-water mark, locks it and returns its tail.
// Append one or more whole frames to the slice and pass the result to Commit. Do so soon and on
// every path: the outbox stays locked until then. size is an estimate of what will be appended; if
// it is right, no memory is allocated. To give up, Commit the slice unchanged.
//
// Reserve returns ctx.Err() if ctx ends first, and a [*ClosedError] if the link is closed or
// closing; then nothing is locked. On the reading goroutine use TryReserve or ReserveNow: waiting
// there would stop the reads that the peer may be waiting for.
func (l *Link) Reserve(ctx context.Context, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	for full := l.crowded(); l.state == stateOpen && full; full = l.unended || l.queued() >= l.highWater {
		if err := l.waitForRoom(ctx); err != nil {
			l.mu.Unlock()
			return nil, err
		}
	}
	return l.reserved(size)
}

// TryReserve is Reserve that returns ErrWouldBlock instead of waiting. If the handler is a
// [Drainer], OnDrain is then called when there is room.
func (l *Link) TryReserve(size int) ([]byte, error) {
	l.mu.Lock()
	// The path of nearly every frame of a busy link comes first.
	if p := l.pending; p != nil && l.state == stateOpen && !l.crowded() && size <= cap(p.B)-len(p.B) {
		return p.B, nil
	}
	if l.state == stateOpen && l.crowded() {
		l.wantDrain = true
		l.mu.Unlock()
		return nil, ErrWouldBlock
	}
	return l.reserved(size)
}

// ReserveNow is Reserve that never waits and checks the hard limit instead of the high-water mark.
// It is for small frames that the peer waits for, such as ACK and RECEIPT. It returns ErrOutboxFull
// at the limit.
func (l *Link) ReserveNow(size int) ([]byte, error) {
	l.mu.Lock()
	if l.state == stateOpen && l.queued()+l.waitingBehind() >= l.opts.HardLimit {
		l.mu.Unlock()
		return nil, ErrOutboxFull
	}
	if l.state == stateOpen && l.unended {
		l.toBehind = true
		return l.tailBehind(size), nil
	}
	return l.reserved(size)
}

// Commit takes the slice that a Reserve method returned, with whole frames appended, unlocks the
// outbox and makes sure that a flusher runs. It does not wait for the write.
func (l *Link) Commit(buf []byte) {
	if l.unended {
		l.commitBehind(buf)
		return
	}
	p := l.pending
	used := len(buf) > len(p.B)
	p.B = buf
	switch {
	case used:
		l.framesOut++
		if !l.flushing {
			l.flushing = true
			go l.flush()
		}
	case !l.flushing:
		l.releaseOutbox() // an idle link holds no memory, however much was reserved
	}
	if l.waiting > 0 {
		l.wakeSender()
	}
	l.mu.Unlock()
}

// reserved is the end of a Reserve method. mu is held, and stays held on success.
func (l *Link) reserved(size int) ([]byte, error) {
	if l.state != stateOpen {
		err := &ClosedError{Cause: l.cause}
		l.mu.Unlock()
		return nil, err
	}
	return l.tail(size), nil
}

// tail returns the end of the outbox with capacity for size more bytes. mu is held.
func (l *Link) tail(size int) []byte {
	if l.pending == nil {
		l.pending = pool.Get(max(size, firstOutbox))
	}
	l.pending.Grow(size)
	return l.pending.B
}

// crowded reports whether a new sender has to wait. While others wait, it may use only the lower
// half of the outbox. So senders that never pause cannot starve a waiting one, and need not queue
// up behind it for every frame. An empty outbox is never crowded: no flusher would run to wake a
// sender that was refused.
func (l *Link) crowded() bool {
	if l.waiting > 0 {
		return l.unended || l.queued() >= max(l.highWater/2, 1)
	}
	return l.unended || l.queued() >= l.highWater
}

func (l *Link) queued() int {
	if l.pending == nil {
		return 0
	}
	return len(l.pending.B)
}

// waitForRoom releases mu until there may be room. One wake-up wakes one sender, which passes it on
// in Commit. So a crowd is not woken for room that one sender will take.
func (l *Link) waitForRoom(ctx context.Context) error {
	l.waiting++
	l.mu.Unlock()
	var err error
	select {
	case <-l.room:
	case <-l.done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	l.mu.Lock()
	l.waiting--
	if err != nil || l.state != stateOpen {
		l.wakeSender() // we may have consumed the wake-up, or all senders need one
	}
	return err
}

// wakeSender wakes one waiting sender if there is room for it, or if there will never be any. mu is
// held.
func (l *Link) wakeSender() {
	if l.waiting == 0 || l.state == stateOpen && (l.unended || l.queued() >= l.highWater) {
		return
	}
	select {
	case l.room <- struct{}{}:
	default:
	}
}
