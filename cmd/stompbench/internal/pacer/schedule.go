package pacer

import "math"

// Schedule is the share of one producer in an evenly spaced stream: of n producers, producer i has
// the slots i, i+n, i+2n and so on. Together they form the whole stream, without any coordination.
// It is for one goroutine.
type Schedule struct {
	start  int64   // when slot 0 is due, ns
	first  float64 // slot of message 0
	step   float64 // slots between two messages
	pieces []piece
	at     int // the piece of the latest result: the next is usually in it, too
}

// Never is the due time of a message for which the profile has no slot.
const Never = math.MaxInt64

// NewSchedule returns the schedule of producer index of n, at the rate that the
// profile gives for all of them together. start is in nanoseconds of any clock.
func NewSchedule(start int64, p Profile, index, n int) *Schedule {
	return &Schedule{start: start, first: float64(index), step: float64(n), pieces: p.pieces()}
}

// Due returns when message k, from 0, is due. It is computed from k and not from the message
// before, so that rounding errors do not add up: a float64 holds 2^53 slots exactly.
func (s *Schedule) Due(k uint64) int64 {
	slot := s.first + float64(k)*s.step
	for s.at > 0 && slot < s.pieces[s.at].first {
		s.at--
	}
	for slot >= s.pieces[s.at].last {
		if s.at == len(s.pieces)-1 {
			return Never
		}
		s.at++
	}
	return s.start + int64(s.pieces[s.at].time(slot))
}

// Before returns how many messages are due before t.
func (s *Schedule) Before(t int64) uint64 {
	slots := s.slotsUntil(float64(t-s.start)) - s.first
	if slots < 0 {
		return 0
	}
	n := uint64(slots / s.step)
	for n > 0 && s.Due(n-1) >= t { // the division rounds
		n--
	}
	for s.Due(n) < t {
		n++
	}
	return n
}

// slotsUntil returns how many slots are before t, ns from the start.
func (s *Schedule) slotsUntil(t float64) float64 {
	for i := range s.pieces {
		if t < s.pieces[i].until {
			return s.pieces[i].slot(t)
		}
	}
	return s.pieces[len(s.pieces)-1].last
}
