package link

import (
	"context"

	"github.com/stompwire/stompwire/pool"
)

// A frame that is too large for the outbox is committed in parts. Until its last part the outbox is
// reserved for it: Reserve waits, TryReserve refuses, and frames of ReserveNow gather behind it, up
// to Options.HardLimit. No heart-beat can be sent inside a frame, so the caller must not pause for
// long between parts.

// CommitPart is Commit for a part of a frame. The same caller continues with ReservePart and
// CommitPart, and calls EndParts after the last part. If it cannot complete the frame it must Close
// the link: no other frame can be sent after half a frame.
func (l *Link) CommitPart(buf []byte) {
	p := l.pending
	if len(buf) > len(p.B) && !l.flushing {
		l.flushing = true
		go l.flush()
	}
	switch n := len(buf) - len(p.B); {
	case !l.unended && n == 0:
		l.placeless-- // a frame that begins with an empty part has an offset, too
	case l.unended && l.behind != nil:
		l.placeless += n
	}
	p.B = buf
	l.unended = true
	l.mu.Unlock()
}

// EndParts ends the frame and lets other senders use the outbox again.
func (l *Link) EndParts() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unended = false
	l.framesOut++
	if l.state != stateOpen && l.state != stateClosing {
		return // frames behind it were discarded
	}
	if l.behind != nil {
		p := l.tail(len(l.behind.B))
		l.pending.B = append(p, l.behind.B...)
		l.behind.Release()
		l.behind = nil
		if !l.flushing {
			l.flushing = true
			go l.flush()
		}
	}
	if l.wantDrain && l.drainer != nil && l.state == stateOpen && !l.crowded() {
		l.wantDrain = false
		go l.drainer.OnDrain() // no flusher may be running that would call it
	}
	l.wakeSender()
}

// ReservePart is Reserve for the next part of a frame that CommitPart has begun. It waits until the
// outbox is below its high-water mark.
func (l *Link) ReservePart(ctx context.Context, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	for l.state == stateOpen && l.queued() >= l.opts.HighWater {
		l.partWaits = true
		l.mu.Unlock()
		var err error
		select {
		case <-l.partRoom:
		case <-l.done:
		case <-ctx.Done():
			err = ctx.Err()
		}
		l.mu.Lock()
		l.partWaits = false
		if err != nil {
			l.mu.Unlock()
			return nil, err
		}
	}
	return l.reserved(size)
}

// wakePart wakes the sender in ReservePart. mu is held.
func (l *Link) wakePart() {
	if l.partWaits {
		select {
		case l.partRoom <- struct{}{}:
		default:
		}
	}
}

func (l *Link) waitingBehind() int {
	if l.behind == nil {
		return 0
	}
	return len(l.behind.B)
}

// tailBehind is tail for a frame that has to wait for the end of an unfinished one. mu is held.
func (l *Link) tailBehind(size int) []byte {
	if l.behind == nil {
		l.behind = pool.Get(max(size, firstOutbox))
	}
	l.behind.Grow(size)
	return l.behind.B
}

// commitBehind is Commit for a slice that tailBehind returned.
func (l *Link) commitBehind(buf []byte) {
	if len(buf) > len(l.behind.B) {
		l.framesOut++
	}
	l.behind.B = buf
	l.toBehind = false
	l.mu.Unlock()
}
