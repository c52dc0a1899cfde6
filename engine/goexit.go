package engine

import (
	"fmt"

	"github.com/panjf2000/gnet/v2"

	"github.com/stompwire/stompwire/engine/link"
)

// errLoopEnded is what the other links of a loop end with.
var errLoopEnded = fmt.Errorf("engine: event loop has ended: %w", link.ErrGoexit)

// join takes note of a link on a loop.
func (e *Engine) join(r *reader, c gnet.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looped[r] = c
}

// part undoes join.
func (e *Engine) part(r *reader) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.looped, r)
}

// end ends a link that no loop reads any more. It has a goroutine of its own, so that
// whatever its OnClose does, it does not do to the loop.
func (e *Engine) end(l *link.Link, err error) {
	e.done.Add(1)
	go func() {
		defer e.done.Done()
		l.End(err)
	}()
}

// loopEnds is called by the goroutine of a loop that a handler has told to end, by
// runtime.Goexit, which nothing can stop. gnet has no new one for the loop, and does not
// know that the old one is gone: so its links end, and no others may join them.
func (e *Engine) loopEnds(loop gnet.EventLoop) {
	e.mu.Lock()
	select {
	case <-e.lost:
	default:
		close(e.lost)
	}
	orphans := make(map[*reader]gnet.Conn)
	for r, c := range e.looped {
		if c.EventLoop() == loop {
			orphans[r] = c
		}
	}
	e.mu.Unlock()
	for r, c := range orphans {
		r.link.Close(errLoopEnded) // the one that it happened to is closed already
		r.moved = true
		_ = loop.Close(c) // gnet's descriptor
		e.end(r.link, errLoopEnded)
	}
}
