// Package awake judges timeouts of a process that did not run all the time: it was
// stopped, the machine below it stood still, or others had the processors. When it
// goes on, its timers are all due at once, while what its peers have sent meanwhile
// still lies in the sockets. Who judges first would take its own absence for the
// silence of others. So a timeout that comes late is looked at again.
//
// Imports: the standard library.
package awake

import (
	"context"
	"sync"
	"time"
)

const (
	// late is by how much a timer is late only if the process did not run.
	late = 50 * time.Millisecond
	// again is the time that it then gets to read what has come.
	again = time.Second
	// looks is how often it gets that in a row, for there has to be an end.
	looks = 3
)

// Doubt is what speaks against one timeout. The zero value is ready. It is not safe
// for concurrent use.
type Doubt struct{ looks int }

// More returns how much longer to wait for what has not come when a timer fires so
// late after it was due; 0 if there is no doubt, or has been too much. It does not
// allocate.
func (d *Doubt) More(lateBy time.Duration) time.Duration {
	if lateBy <= late || d.looks == looks {
		d.looks = 0
		return 0
	}
	d.looks++
	return again
}

// WithTimeout is context.WithTimeout without what a process misses while it does not
// run.
func WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return WithTimeoutCause(ctx, d, context.DeadlineExceeded)
}

// WithTimeoutCause is context.WithTimeoutCause without what a process misses while it
// does not run. The deadline that the context names is the plain one.
func WithTimeoutCause(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil || d <= 0 {
		return context.WithTimeoutCause(ctx, d, cause)
	}
	inner, cancel := context.WithCancelCause(ctx)
	t := &timeout{Context: inner, due: time.Now().Add(d), cause: cause, cancel: cancel, done: make(chan struct{})}
	t.first = t.due
	if outer, ok := ctx.Deadline(); ok && outer.Before(t.first) {
		t.first = outer
	}
	t.mu.Lock()
	t.timer = time.AfterFunc(d, t.fire)
	t.forget = context.AfterFunc(inner, t.end) // if the outer one ends
	t.mu.Unlock()
	return t, func() { t.endWith(context.Canceled) }
}

// timeout is a context. Its own channel keeps children from taking the inner one for
// their parent, who would tell them that they were cancelled.
type timeout struct {
	context.Context
	first  time.Time // what Deadline says
	cause  error
	cancel context.CancelCauseFunc
	done   chan struct{}

	mu     sync.Mutex // guards what follows
	timer  *time.Timer
	due    time.Time
	doubt  Doubt
	forget func() bool
	over   bool // the time is
	err    error
}

func (t *timeout) fire() {
	t.mu.Lock()
	if more := t.doubt.More(time.Since(t.due)); more > 0 {
		t.due = time.Now().Add(more)
		t.timer.Reset(more)
		t.mu.Unlock()
		return
	}
	t.over = t.Context.Err() == nil
	t.mu.Unlock()
	t.endWith(t.cause)
}

// endWith ends the context unless that has happened.
func (t *timeout) endWith(cause error) {
	t.mu.Lock()
	first := t.forget()
	t.mu.Unlock()
	if first {
		t.cancel(cause)
		t.end()
	}
}

// end runs once, when the inner context has ended for whatever reason.
func (t *timeout) end() {
	t.mu.Lock()
	t.timer.Stop()
	if t.err = t.Context.Err(); t.over {
		t.err = context.DeadlineExceeded
	}
	t.mu.Unlock()
	close(t.done)
}

func (t *timeout) Deadline() (time.Time, bool) { return t.first, true }

func (t *timeout) Done() <-chan struct{} { return t.done }

func (t *timeout) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Silence is how long there has been no sign of somebody, for who looks again and
// again. What passes between two looks counts only up to a moment: longer than that
// nobody listened. The zero value is ready. It is not safe for concurrent use.
type Silence struct {
	sum  time.Duration
	last time.Time
}

// moment is the most that counts between two looks.
const moment = 100 * time.Millisecond

// Look says whether there was a sign since the last look, or not, and returns how long
// there has been none.
func (s *Silence) Look(sign bool) time.Duration {
	now := time.Now()
	if sign || s.last.IsZero() {
		s.sum = 0
	} else {
		s.sum += min(now.Sub(s.last), moment)
	}
	s.last = now
	return s.sum
}
