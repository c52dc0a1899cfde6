package link

import "time"

// One timer per link watches all times: our heart-beats, the peer's, an unfinished frame and the
// session's deadline. It is set to the earliest of them. Reads and writes only store the current
// time for it to look at, so traffic never touches the timer, and a link with nothing due has no
// running timer. What is overdue gets a second look, see secondLook.

// bodyRate is how fast, in bytes/s, an unfinished body must arrive at least to be waited for longer
// than Options.FrameTimeout.
const bodyRate = 16 << 10

// The kinds of timeouts.
const (
	ofDeadline = iota
	ofSilence
	ofFrame
	kinds
)

// SetHeartBeat starts heart-beats. The link sends an EOL whenever it has sent nothing for
// sendEvery, and closes with a [*TimeoutError] when no byte has come for hearWithin. 0 turns that
// direction off. The session adds its margins. After a failed write or Shutdown it has no effect.
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

// SetDeadline closes the link with cause after d unless it is called again before; d = 0 cancels
// it. It is for the session, for example for a CONNECT that never comes. After a failed write or
// Shutdown the deadline is Options.Linger's, and SetDeadline has no effect.
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

// watchUnfinished notes whether a frame is unfinished and makes sure that the timer looks at it in
// time. Each part of a body that is handed on in parts ends one frame and begins another in this
// sense, because it moves the stream's offset. Reading goroutine only.
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

// tick runs when the timer expires. It does what is due and sets the timer again.
func (l *Link) tick() {
	l.mu.Lock()
	if l.state == stateClosed {
		l.mu.Unlock()
		return
	}
	now := l.now()
	if cause, over := l.overdue(now); over {
		l.mu.Unlock()
		l.Close(cause)
		return
	}
	if l.sendEvery > 0 && l.beatDue() <= now {
		l.beat(now)
	}
	l.arm(now)
	l.mu.Unlock()
}

// overdue reports whether the link is to be closed, and with which cause: nil for the end of a
// Shutdown. mu is held.
func (l *Link) overdue(now int64) (cause error, over bool) {
	for kind := range l.sightings {
		due, since := l.due(kind, now)
		if l.sightings[kind].look(now, due, since) || l.state != stateOpen && due != 0 && due <= now {
			return l.causeOf(kind, now), true
		}
	}
	return nil, false
}

// due returns when a kind of timeout is due, 0 if it is not set, and when the silence or frame that
// it bounds began. mu is held.
func (l *Link) due(kind int, now int64) (due, since int64) {
	switch kind {
	case ofDeadline:
		return l.deadline, l.deadline
	case ofSilence:
		if l.hearEvery > 0 {
			return l.hearDue(now), l.lastRead.Load()
		}
	case ofFrame:
		return l.frameDue(now), l.unfinished.Load()
	}
	return 0, 0
}

func (l *Link) causeOf(kind int, now int64) error {
	switch kind {
	case ofSilence:
		return &TimeoutError{What: NoHeartBeat, After: l.hearEvery}
	case ofFrame:
		after := time.Duration(now - l.unfinished.Load()).Round(time.Millisecond)
		return &TimeoutError{What: "frame left unfinished", After: after}
	}
	return l.late
}

// beat sends a heart-beat, unless a write is in progress or a frame is unfinished, of which the EOL
// would become a part. mu is held.
func (l *Link) beat(now int64) {
	if l.state != stateOpen || l.flushing || l.unended {
		l.lastWrite.Store(now) // look again one interval later
		return
	}
	buf := append(l.tail(1), '\n')
	l.pending.B = buf
	l.beatsOut++
	l.flushing = true
	l.lastWrite.Store(now)
	go l.flush()
}

func (l *Link) beatDue() int64 { return l.lastWrite.Load() + int64(l.sendEvery) }

// hearDue returns when the peer has been silent for too long. While a handler keeps the reading
// goroutine busy, it is we who do not read, and the time does not run.
func (l *Link) hearDue(now int64) int64 {
	if l.feeding.Load() {
		return now + int64(l.hearEvery)
	}
	return l.lastRead.Load() + int64(l.hearEvery)
}

// frameDue returns when an unfinished frame has taken too long, 0 if there is none.
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
	consider := func(due int64) {
		if due != 0 && (next == 0 || due < next) {
			next = due
		}
	}
	for kind := range l.sightings {
		consider(l.sightings[kind].next(l.due(kind, now)))
	}
	if l.sendEvery > 0 {
		consider(l.beatDue())
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
