package engine

import (
	"errors"
	"net"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/pool"
)

// quiet is how long a link that was taken off its loop must be silent before it
// goes back there.
const quiet = 200 * time.Millisecond

// leaveLoop moves a paused link from its loop to a goroutine, with a copy of what
// was read but not handled. It stays there while it is busy, for coming back costs
// a few system calls, and returns to a loop when it falls quiet.
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
			err = l.ReadLoop(nil, 0) // no descriptors, say: it can stay here
		}
	}
	if err != nil {
		l.End(err)
	}
}

// enter makes Close responsible for a link that is on none of the loops.
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
