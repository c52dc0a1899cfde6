package link

import (
	"context"

	"github.com/stompwire/stompwire/pool"
)

// A frame that is too large for the outbox is committed in parts. Until its end the
// outbox belongs to it: Reserve waits, TryReserve refuses, and what ReserveNow takes
// gathers behind it, within Options.HardLimit. No heart-beat can be sent inside a
// frame, so whoever makes the parts must not pause for long.

// CommitPart is Commit, in place of it, of a part of a frame. The same caller goes on
// with ReservePart and CommitPart, and at the end of the frame calls EndParts. One that
// cannot go on has to Close the link, for nobody else can.
func (l *Link) CommitPart(buf []byte) {
	p := l.pending
	if len(buf) > len(p.B) && !l.flushing {
		l.flushing = true
		go l.flush()
	}
	switch n := len(buf) - len(p.B); {
	case !l.unended && n == 0:
		l.placeless-- // a frame that begins with an empty part has a place, too
	case l.unended && l.behind != nil:
		l.placeless += n
	}
	p.B = buf
	l.unended = true
	l.mu.Unlock()
}

// EndParts gives the outbox back to all.
func (l *Link) EndParts() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unended = false
	l.framesOut++
	if l.state != stateOpen && l.state != stateClosing {
		return // what waited has been thrown away
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
		go l.drainer.OnDrain() // there may be no flusher that would
	}
	l.wakeSender()
}

// ReservePart is Reserve for the next part of a frame that CommitPart has begun: it
// waits until the outbox is below its high-water mark.
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

// wakePart lets the one who commits parts go on. mu is held.
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

// tailBehind is tail for a frame that has to wait for the end of another. mu is held.
func (l *Link) tailBehind(size int) []byte {
	if l.behind == nil {
		l.behind = pool.Get(max(size, firstOutbox))
	}
	l.behind.Grow(size)
	return l.behind.B
}

// commitBehind is Commit of what tailBehind returned.
func (l *Link) commitBehind(buf []byte) {
	if len(buf) > len(l.behind.B) {
		l.framesOut++
	}
	l.behind.B = buf
	l.toBehind = false
	l.mu.Unlock()
}
