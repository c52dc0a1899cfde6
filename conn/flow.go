package conn

import "slices"

// flow says whether one connection is read: not while a queue of Consume that it fills is full.
//
// The answers of the broker come on the same connection, and what waits for them may be the
// callers that would empty the queue: workers in Commit. So in the ack modes client and
// client-individual, where a prefetch bounds what comes, the connection is read all the same while
// the broker owes an answer. In mode auto nothing bounds what comes, and the queue is firm.
//
// Guarded by Client.mu.
type flow struct {
	firm, soft int // full queues: in mode auto, and in the other modes
	paused     bool
	ended      bool
}

// hold notes that a queue is full. Called on the reading goroutine, it stops the reading after the
// frame that is being handled.
func (w *wire) hold(firm bool) {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if firm {
		w.flow.firm++
	} else if w.flow.soft++; w.flow.soft == 1 {
		c.held = append(c.held, w)
	}
	w.regulate()
}

// release undoes one hold.
func (w *wire) release(firm bool) {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if firm {
		w.flow.firm--
	} else if w.flow.soft--; w.flow.soft == 0 {
		c.held = slices.DeleteFunc(c.held, func(other *wire) bool { return other == w })
	}
	w.regulate()
}

// endFlow resumes the reading, and ignores holds from now on.
func (w *wire) endFlow() {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.flow.ended = true
	w.regulate()
}

// regulate pauses or resumes the link. Client.mu is held.
func (w *wire) regulate() {
	f := &w.flow
	pause := !f.ended && (f.firm > 0 || f.soft > 0 && !w.c.core.Owed(w.conn))
	switch {
	case pause && !f.paused:
		w.l.Pause()
	case !pause && f.paused:
		w.l.Resume()
	}
	f.paused = pause
}
