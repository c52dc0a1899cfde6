package conn

import (
	"context"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/pool"
)

// wait waits until what kept a message from being opened on w may have changed.
func (p *Producer) wait(ctx context.Context, w *wire, verdict session.Verdict, copied *pool.Buffer) error {
	if w.inHandler(ctx) {
		return ErrWouldBlock
	}
	switch verdict {
	case session.Ended:
		p.c.mu.Lock()
		defer p.c.unlock()
		if p.core == nil {
			return errProducerClosed
		}
		return p.c.core.EndOf(p.core)
	case session.Full:
		return p.waitForRoom(ctx, w, copied)
	}
	return p.waitAttached(ctx, w)
}

// waitForRoom returns when there may be room in the window, or w has ended.
func (p *Producer) waitForRoom(ctx context.Context, w *wire, copied *pool.Buffer) error {
	size := 0
	if copied != nil {
		size = len(copied.B)
	}
	free := func() bool {
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		return p.core.HasRoom(size) || p.c.core.EndOf(p.core) != nil
	}
	var err error
	// A sender that is woken and has no room for its copy keeps the wake-up and waits again. Passed
	// on among senders without room, the wake-up would circulate for ever.
	for more := true; more; more = err == nil && !free() && !p.room.isClosed() && w.l.Err() == nil {
		err = p.room.wait(ctx, w.l.Done(), free)
	}
	p.wakeSender() // one wake-up for one sender: pass it on
	return err
}

// wakeSender wakes a sender if the window has room.
func (p *Producer) wakeSender() {
	if p.room.waiters.Load() == 0 {
		return
	}
	p.c.mu.Lock()
	free := p.core.Free()
	p.c.mu.Unlock()
	p.room.wake(uint64(free))
}

// waitAttached waits until the producer is attached to w, after redelivery. It also returns if w
// has ended, if the producer was moved to another slot, or if another sender took the sequence
// number.
func (p *Producer) waitAttached(ctx context.Context, w *wire) error {
	c := p.c
	for {
		c.mu.Lock()
		s := w.slot
		attached := p.core.Attached(w.conn) || !w.conn.Alive() || p.home.Load() != s || c.core.EndOf(p.core) != nil
		next := s.next
		c.mu.Unlock()
		if attached {
			return nil
		}
		select {
		case <-next:
		case <-w.l.Done():
			return nil
		case <-p.room.closed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
