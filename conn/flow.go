package conn

import (
	"sync"

	"github.com/stompwire/stompwire/engine/link"
)

// flow counts the reasons not to read a connection; it pauses the link while there are any.
type flow struct {
	mu    sync.Mutex // leaf
	holds int
	ended bool
}

// hold stops the reading after the frame that is being handled.
func (f *flow) hold(l *link.Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holds++
	if !f.ended {
		l.Pause()
	}
}

// release undoes one hold.
func (f *flow) release(l *link.Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.holds--; f.holds == 0 {
		l.Resume()
	}
}

// end resumes the reading, and ignores holds from now on.
func (f *flow) end(l *link.Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	l.Resume()
}
