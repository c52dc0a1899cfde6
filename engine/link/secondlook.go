package link

import "time"

// A process that was stopped, or whose machine stood still, finds all its timers due when it
// continues, while what the peer has sent meanwhile is still unread in the socket. It cannot be
// told from a process whose peer is silent. So no timeout ends an open link at the first look. What
// is overdue is looked at again after secondLook, which is enough time to read what is there, and
// ends the link if it is still overdue then. A write that the peer does not take is retried for as
// long. So a timeout of T ends the link after T + secondLook, and after a standstill secondLook
// after its end.
//
// Rejected: taking a late timer as a sign of a standstill. It missed standstills in which the timer
// was set late, took a busy processor for a standstill, and could repeat. A bound that always holds
// is worth the half second.
//
// The deadlines of a broken or closing link have no second look: all that is expected of the peer
// is its end.
const secondLook = 500 * time.Millisecond

// sighting is the state of one kind of timeout. The zero value means not overdue.
type sighting struct {
	since int64 // when the overdue silence or frame began; identifies it
	again int64 // when to look again
}

// look reports whether the link is to be ended at now. since is when the silence or frame began,
// due when its time is over, 0 for none.
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

// next returns when to look next, 0 for never.
func (s *sighting) next(due, since int64) int64 {
	if s.since == since && due != 0 {
		return s.again
	}
	return due
}

// stalled is the progress of one write.
type stalled struct {
	last   time.Time // when the peer last took something, or the write began
	looked bool      // the second look has begun
}

// wait returns how long the next write call may take, 0 to give up. patience is how long the peer
// may take nothing. slice is how often to check for progress: a write that is cut off says how much
// was taken, but not when. With a slice of secondLook a peer that has stopped is given up within
// patience plus a second, with a longer slice within twice patience.
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
