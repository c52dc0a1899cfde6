package link

import (
	"time"

	"github.com/stompwire/stompwire/internal/awake"
)

// One timer per link watches everything that is due some time: our heart-beats,
// the peer's, an unfinished frame and the session's deadline. It is set to the
// earliest of them and looks at clocks that reads and writes merely store to, so
// traffic never touches it, and a link with nothing due costs nothing.
//
// A timer that is late says that the process did not run. What is overdue then is
// looked at again a little later, when what came meanwhile has been read.

// bodyRate is how fast an unfinished body must at least arrive, in bytes/s, to
// be waited for longer than Options.FrameTimeout.
const bodyRate = 16 << 10

// SetHeartBeat starts heart-beats: an EOL is sent whenever nothing was for
// sendEvery, and the link closes with a [*TimeoutError] when not a single byte
// has come for hearWithin. 0 turns that direction off. Both are measured on
// bytes; the session adds its margins. Once a write has failed or Shutdown was
// called it has no effect.
func (l *Link) SetHeartBeat(sendEvery, hearWithin time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != stateOpen {
		return
	}
	l.sendEvery, l.hearEvery = sendEvery, hearWithin
	now := l.now()
	l.lastRead.Store(now)
	l.lastWrite.Store(now)
	l.arm(now)
}

// SetDeadline closes the link with cause after d unless it is set again before;
// d = 0 calls it off. It is the session's: for a CONNECT that never comes. Once a
// write has failed or Shutdown was called the deadline is Options.Linger's, and
// SetDeadline has no effect.
func (l *Link) SetDeadline(d time.Duration, cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == stateOpen {
		l.setDeadline(d, cause)
	}
}

// setDeadline is SetDeadline in any state. mu is held.
func (l *Link) setDeadline(d time.Duration, cause error) {
	l.deadline, l.late = 0, cause
	now := l.now()
	if d > 0 {
		l.deadline = now + int64(d)
	}
	l.arm(now)
}

// watchUnfinished notes whether a frame is unfinished, on the reading goroutine, and
// makes sure that the timer looks at it in time. Of a body that is handed on in parts
// each is an end and a new begin, for that moves the stream's offset.
func (l *Link) watchUnfinished() {
	n := l.stream.Buffered()
	l.unread.Store(int64(n))
	if n == 0 && !l.stream.Streaming() {
		l.unfinished.Store(0)
		return
	}
	now := l.lastRead.Load()
	if l.unfinished.Load() == 0 || l.stream.Offset() != l.carryStart {
		l.unfinished.Store(now)
		l.carryStart = l.stream.Offset()
	}
	if next := l.nextTick.Load(); next == 0 || next > now+int64(l.opts.FrameTimeout) {
		l.mu.Lock()
		l.arm(now)
		l.mu.Unlock()
	}
}

// tick runs when the timer is due: it does what is due and sets the timer anew.
func (l *Link) tick() {
	l.mu.Lock()
	if l.state == stateClosed {
		l.mu.Unlock()
		return
	}
	now := l.now()
	if err, late := l.overdue(now); !late {
		l.doubt, l.mercy = awake.Doubt{}, 0
	} else if now >= l.mercy {
		more := l.doubt.More(time.Duration(now - l.nextTick.Load()))
		if more == 0 {
			l.mu.Unlock()
			l.Close(err)
			return
		}
		l.mercy = now + int64(more) // to read what came while we did not run
	}
	if l.sendEvery > 0 && l.beatDue() <= now {
		l.beat(now)
	}
	l.arm(now)
	l.mu.Unlock()
}

// overdue reports whether the link is to be closed, and for what: a nil cause is
// the end of a Shutdown. mu is held.
func (l *Link) overdue(now int64) (cause error, late bool) {
	if l.deadline != 0 && l.deadline <= now {
		return l.late, true
	}
	if l.hearEvery > 0 && l.hearDue(now) <= now {
		return &TimeoutError{What: NoHeartBeat, After: l.hearEvery}, true
	}
	if due := l.frameDue(now); due != 0 && due <= now {
		after := time.Duration(now - l.unfinished.Load()).Round(time.Millisecond)
		return &TimeoutError{What: "frame left unfinished", After: after}, true
	}
	return nil, false
}

// beat sends a heart-beat unless something is on its way already, or a frame is not
// ended: an EOL would be a part of it. mu is held.
func (l *Link) beat(now int64) {
	if l.state != stateOpen || l.flushing || l.unended {
		l.lastWrite.Store(now) // look again one interval later
		return
	}
	buf := append(l.tail(1), '\n')
	l.pending.B = buf
	l.tailAt++
	l.beatsOut++
	l.flushing = true
	l.lastWrite.Store(now)
	go l.flush()
}

func (l *Link) beatDue() int64 { return l.lastWrite.Load() + int64(l.sendEvery) }

// hearDue: while a handler has the reading goroutine we are the ones not reading.
func (l *Link) hearDue(now int64) int64 {
	if l.feeding.Load() {
		return now + int64(l.hearEvery)
	}
	return l.lastRead.Load() + int64(l.hearEvery)
}

// frameDue returns when an unfinished frame is given up, 0 if there is none.
func (l *Link) frameDue(now int64) int64 {
	since := l.unfinished.Load()
	if since == 0 {
		return 0
	}
	if l.feeding.Load() {
		return now + int64(l.opts.FrameTimeout)
	}
	return since + int64(l.opts.FrameTimeout) + l.unread.Load()*int64(time.Second)/bodyRate
}

// arm sets the timer to the earliest thing due. mu is held.
func (l *Link) arm(now int64) {
	if l.state == stateClosed {
		return
	}
	var next int64
	consider := func(due, notBefore int64) {
		if due = max(due, notBefore); next == 0 || due < next {
			next = due
		}
	}
	if l.deadline != 0 {
		consider(l.deadline, l.mercy)
	}
	if due := l.frameDue(now); due != 0 {
		consider(due, l.mercy)
	}
	if l.hearEvery > 0 {
		consider(l.hearDue(now), l.mercy)
	}
	if l.sendEvery > 0 {
		consider(l.beatDue(), 0)
	}
	l.nextTick.Store(next)
	switch {
	case next == 0:
		if l.timer != nil {
			l.timer.Stop()
		}
	case l.timer == nil:
		l.timer = time.AfterFunc(time.Duration(next-now), l.tick)
	default:
		l.timer.Reset(time.Duration(next - now))
	}
}
