package broker

import (
	"errors"
	"slices"
	"time"
)

// flow slows the producers of a destination: their links are not read for a while.
// It is guarded by the destination's mutex.
//
// There are two reasons. A destination at its bound holds them until half of the
// room is free. And one whose consumers are only just slower holds them briefly, so
// that the backlog stays in the processor's cache and messages take the short way,
// straight from one link to another. That is for speed, not for safety, so it may
// cost little: a backlog that is not gone after maxBrief is left to grow to the
// bound, and another attempt is made after briefRest.
type flow struct {
	held  []*session // producers that are not read
	full  bool       // one of them because the destination was at its bound
	phase flowPhase
	timer *time.Timer
	armed uint64 // holds of the destination when the timer was set
}

type flowPhase uint8

const (
	flowReady   flowPhase = iota // brief holds are allowed
	flowHolding                  // there is one, or has been since the timer was set
	flowResting                  // they have not helped
)

const (
	briefBytes = 64 << 10 // of waiting messages, from which producers are held briefly
	maxBrief   = 20 * time.Millisecond
	briefRest  = 250 * time.Millisecond
)

// check holds s up if there is a reason.
func (fl *flow) check(d *destination, s *session) {
	if d.waitingBytes < briefBytes && d.bytes < d.b.cfg.QueueBytes {
		return
	}
	if d.bytes < d.b.cfg.QueueBytes && !fl.mayHoldBriefly(d) {
		return
	}
	if s.holdUp(d) {
		if len(fl.held) == 0 {
			d.holds++
		}
		fl.held = append(fl.held, s)
		fl.full = fl.full || d.bytes >= d.b.cfg.QueueBytes
		if d.isHopeless(s) {
			s.l.SetDeadline(d.b.cfg.WriteTimeout, errOwnTempFull)
		}
	}
}

// isHopeless reports whether s itself would have to make the room that it waits for:
// in a temporary destination of its own, of which nobody else can take anything, by
// frames that are not read. It would stay for ever, even if its peer has gone.
func (d *destination) isHopeless(s *session) bool {
	return d.by == s.maker && len(d.subs) == d.keep && isTemp([]byte(d.name))
}

var errOwnTempFull = errors.New("stomp: a temporary destination of the connection's own is full")

// mayHoldBriefly reports whether producers can be held although d is not full. It
// needs somebody who takes messages away.
func (fl *flow) mayHoldBriefly(d *destination) bool {
	if fl.phase == flowResting || len(d.subs) == 0 {
		return false
	}
	if fl.phase == flowReady {
		fl.phase = flowHolding
		fl.arm(d, maxBrief)
	}
	return true
}

func (fl *flow) arm(d *destination, after time.Duration) {
	fl.armed = d.holds
	if fl.timer == nil {
		fl.timer = time.AfterFunc(after, d.onFlowTimer)
		return
	}
	fl.timer.Reset(after)
}

// onFlowTimer ends a brief hold that has not helped, and the rest after that.
func (d *destination) onFlowTimer() {
	d.mu.Lock()
	defer d.mu.Unlock()
	fl := &d.flow
	switch {
	case d.gone:
	case fl.phase == flowResting:
		fl.phase = flowReady
	case len(fl.held) == 0:
		fl.phase = flowReady
	case fl.armed != d.holds: // this is a later hold than the timer was set for
		fl.arm(d, maxBrief)
	default:
		fl.phase = flowResting
		fl.arm(d, briefRest)
		fl.progress(d)
	}
}

// progress lets the producers go on once there is room. They all go: whoever finds
// no room is held up again.
func (fl *flow) progress(d *destination) {
	switch {
	case len(fl.held) == 0:
	case fl.full && d.bytes > d.b.cfg.QueueBytes/2:
	case fl.phase == flowHolding && d.waitingBytes > briefBytes/2:
	default:
		fl.release(d)
	}
}

func (fl *flow) release(d *destination) {
	for i, s := range fl.held {
		if d.isHopeless(s) {
			s.l.SetDeadline(0, nil)
		}
		s.letGo(d)
		fl.held[i] = nil
	}
	fl.held, fl.full = fl.held[:0], false
	if cap(fl.held) > keptRing { // there may have been thousands
		fl.held = nil
	}
}

// forget takes a session that has ended off the list.
func (fl *flow) forget(s *session) {
	fl.held = slices.DeleteFunc(fl.held, func(held *session) bool { return held == s })
	fl.full = fl.full && len(fl.held) > 0
}

// stop ends the flow control of a destination that is gone.
func (fl *flow) stop(d *destination) {
	fl.release(d)
	if fl.timer != nil {
		fl.timer.Stop()
	}
}
