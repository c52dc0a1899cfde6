package engine

import (
	"errors"
	"net"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/pool"
)

// quiet is how long a link that was moved off its loop must be silent before it is moved back.
const quiet = 200 * time.Millisecond

// leaveLoop moves a paused link from its loop to a goroutine, with a copy of the bytes that were
// read but not handled. The link stays there while it is busy, because moving back costs a few
// system calls, and returns to a loop when it falls quiet.
func (r *reader) leaveLoop(unread []byte) {
	r.moved = true
	held := pool.Get(len(unread))
	held.B = append(held.B, unread...)
	r.engine.enter(r)
	go r.readAlone(held)
}

func (r *reader) readAlone(held *pool.Buffer) {
	defer r.engine.leave(r)
	l := r.link
	if !l.WaitResumed() {
		held.Release()
		l.End(l.Err())
		return
	}
	err := l.ReadLoop(held, quiet)
	if err == link.ErrIdle {
		if err = r.engine.Start(l); err != nil && !errors.Is(err, net.ErrClosed) {
			err = l.ReadLoop(nil, 0) // out of descriptors, for example: the link stays here
		}
	}
	if err != nil {
		l.End(err)
	}
}

// enter registers a link that is on no loop, so that Close closes it.
func (e *Engine) enter(r *reader) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alone[r] = struct{}{}
	e.done.Add(1)
	if e.closed {
		r.link.Close(nil)
	}
}

func (e *Engine) leave(r *reader) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.alone, r)
	e.done.Done()
}
