package broker

import (
	"errors"
	"slices"
	"time"
)

// flow slows the producers of a destination: their links are not read for a while. Guarded by the
// destination's mutex.
//
// There are two kinds of holds. A destination at its bound holds its producers until half of the
// space is free. A destination whose consumers are only slightly slower holds its producers
// briefly. Then the backlog stays in the processor's cache, and messages take the short path,
// straight from one link to another. Brief holds are for speed, not for safety, so they must cost
// little: if a backlog is not gone after maxBrief, it may grow to the bound, and the next brief
// hold comes after briefRest.
type flow struct {
	held  []*session // producers that are not read
	full  bool       // at least one because the destination was at its bound
	phase flowPhase
	timer *time.Timer
	armed uint64 // the destination's holds when the timer was set
}

type flowPhase uint8

const (
	flowReady   flowPhase = iota // brief holds are allowed
	flowHolding                  // there is a brief hold, or was since the timer was set
	flowResting                  // brief holds have not helped
)

const (
	briefBytes = 64 << 10 // waiting messages, in bytes, above which producers are held briefly
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

// isHopeless reports whether holding s up could last for ever, because only s itself could make the
// room that it waits for: in a temporary destination of its own, which no other session can consume
// from, by frames that would not be read. Such a hold would last even if the peer has gone.
func (d *destination) isHopeless(s *session) bool {
	return d.by == s.maker && len(d.subs) == d.keep && isTemp([]byte(d.name))
}

var errOwnTempFull = errors.New("stomp: a temporary destination of the connection's own is full")

// mayHoldBriefly reports whether producers can be held although d is not full. Some subscription
// has to be taking messages away.
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

// onFlowTimer ends a brief hold that has not helped, and later the rest after it.
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

// progress lets all producers go on once there is room. One that still finds no room is held up
// again.
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

// forget removes a session that has ended.
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
