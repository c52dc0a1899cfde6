package link

import "time"

// A process that was stopped, or whose machine stood still, finds all its timers due at once
// when it goes on, while what the peer has sent meanwhile still lies in the socket and has not
// been read. Nothing tells such a process from one whose peer is silent. So no timeout ends an
// open link at the first look: what is overdue is looked at again after secondLook, which is
// enough to read what lies there, and ends the link if it is still overdue then. A write that
// the peer does not take is tried again for as long. Thus a timeout of T ends the link after
// T + secondLook, and after a standstill secondLook behind its end.
//
// Timers that are late were a hint of a standstill before. The hint was missed where the timer
// was set late, too, and taken where others merely had the processor, and it could repeat: a
// bound that holds is worth more than the half second.
//
// The deadlines of a link that is broken or closing have no second look: nothing is expected
// from the peer but its end.
const secondLook = 500 * time.Millisecond

// sighting is what is known of one kind of timeout. The zero value is that it is not overdue.
type sighting struct {
	since int64 // when that began which is overdue; tells one silence from the next
	again int64 // when to look again
}

// look reports at now whether the link is to be ended by what began at since and is due at
// due, 0 for nothing.
func (s *sighting) look(now, due, since int64) bool {
	switch {
	case due == 0 || due > now:
		*s = sighting{}
		return false
	case s.since != since:
		*s = sighting{since, now + int64(secondLook)}
	}
	return now >= s.again
}

// next returns when to look next.
func (s *sighting) next(due, since int64) int64 {
	if s.since == since && due != 0 {
		return s.again
	}
	return due
}

// stalled is what is known of a peer that is written to.
type stalled struct {
	last   time.Time // when it last took something, or was first offered something
	looked bool      // it has its second look
}

// wait returns how long the next attempt to write may take, 0 to give up. patience is how long
// the peer may take nothing. slice is how often to see whether it takes something: a write that
// is cut off tells how much, and not when. With a slice of secondLook a peer that has stopped
// is given up within patience and a second, with a longer one within twice its patience.
func (s *stalled) wait(now time.Time, patience, slice time.Duration) time.Duration {
	if left := s.last.Add(patience).Sub(now); left > 0 {
		return min(left, slice)
	}
	if s.looked {
		return 0
	}
	s.looked = true
	return secondLook
}
