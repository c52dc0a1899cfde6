package pacer

import (
	"math"
	"time"
)

// Segment is a period in which the rate is constant or changes linearly.
type Segment struct {
	From, To float64       // messages a second at its start and at its end
	Length   time.Duration // 0 is without end
}

// Profile is a rate over time, segment after segment. After the last segment nothing is due. Only
// the last one may be without end, and it is then constant.
type Profile []Segment

// Constant returns the profile of a rate, in messages a second, that never changes.
func Constant(rate float64) Profile { return Profile{{From: rate, To: rate}} }

// Length returns how long the profile lasts, 0 if it is without end.
func (p Profile) Length() time.Duration {
	var sum time.Duration
	for _, s := range p {
		if s.Length == 0 {
			return 0
		}
		sum += s.Length
	}
	return sum
}

// Mean returns the average rate; without an end it is that of the last segment.
func (p Profile) Mean() float64 {
	var slots float64
	for _, s := range p {
		if s.Length == 0 {
			return s.To
		}
		slots += s.slots()
	}
	if length := p.Length(); length > 0 {
		return slots / length.Seconds()
	}
	return 0
}

// Max returns the highest rate of the profile.
func (p Profile) Max() float64 {
	top := 0.0
	for _, s := range p {
		top = max(top, s.From, s.To)
	}
	return top
}

// slots is how many messages are due in the segment.
func (s *Segment) slots() float64 {
	if s.Length == 0 {
		return math.Inf(1)
	}
	return (s.From + s.To) / 2 * s.Length.Seconds()
}

// Schedule is the share of one producer in an evenly spaced stream: of n producers, producer i has
// the slots i, i+n, i+2n and so on. Together they form the whole stream, without any coordination.
// It is for one goroutine.
type Schedule struct {
	start  int64   // when slot 0 is due, ns
	first  float64 // slot of message 0
	step   float64 // slots between two messages
	pieces []piece // the last is only an end
	at     int     // the piece of the latest result: the next is usually in it, too
}

// Never is the due time of a message for which the profile has no slot.
const Never = math.MaxInt64

// NewSchedule returns the schedule of producer index of n, at the rate that the profile gives for all
// of them together. start is in nanoseconds of any clock.
func NewSchedule(start int64, p Profile, index, n int) *Schedule {
	s := &Schedule{start: start, first: float64(index), step: float64(n)}
	next := piece{}
	for _, segment := range p {
		x := next
		x.rate, x.interval = segment.From/1e9, 1e9/segment.From
		next.at, next.first = math.Inf(1), x.first+segment.slots()
		if length := float64(segment.Length); length > 0 {
			x.growth = (segment.To - segment.From) / 1e9 / length
			next.at = x.at + length
		}
		s.pieces = append(s.pieces, x)
	}
	s.pieces = append(s.pieces, next)
	return s
}

// Due returns when message k, from 0, is due. It is computed from k and not from the message
// before, so that rounding errors do not add up: a float64 holds 2^53 slots exactly.
func (s *Schedule) Due(k uint64) int64 {
	slot := s.first + float64(k)*s.step
	for s.at > 0 && slot < s.pieces[s.at].first {
		s.at--
	}
	for slot >= s.pieces[s.at+1].first {
		if s.at == len(s.pieces)-2 {
			return Never
		}
		s.at++
	}
	return s.start + int64(s.pieces[s.at].time(slot))
}

// Before returns how many messages are due before t.
func (s *Schedule) Before(t int64) uint64 {
	since, at := float64(t-s.start), 0
	for at < len(s.pieces)-1 && since >= s.pieces[at+1].at {
		at++
	}
	n := uint64(max(0, s.pieces[at].slot(since)-s.first) / s.step)
	for n > 0 && s.Due(n-1) >= t { // the division rounds
		n--
	}
	for s.Due(n) < t {
		n++
	}
	return n
}

// piece is a segment in the units of a schedule: nanoseconds and slots, both counted from the start of
// the profile. It ends where the next one begins.
type piece struct {
	at, first float64 // ns and slot at its start
	rate      float64 // slots per ns at its start; 0 if no slots follow
	growth    float64 // of the rate, per ns
	interval  float64 // ns between slots, if the rate does not grow
}

// time returns when a slot of the piece is due. The rate changes linearly, so the number of slots
// is quadratic in the time: n = rate·t + growth·t²/2. It is solved for t without subtracting nearly
// equal numbers.
func (p *piece) time(slot float64) float64 {
	n := slot - p.first
	switch {
	case p.growth == 0:
		return p.at + n*p.interval
	case n == 0:
		return p.at // at a rate of 0 the formula would be 0/0
	}
	return p.at + 2*n/(p.rate+math.Sqrt(max(0, p.rate*p.rate+2*p.growth*n)))
}

// slot returns how many slots there are up to t, in the piece.
func (p *piece) slot(t float64) float64 {
	d := t - p.at
	switch {
	case p.growth != 0:
		return p.first + d*(p.rate+p.growth*d/2)
	case p.rate != 0:
		return p.first + d/p.interval
	}
	return p.first
}
