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

// Constant returns the profile of a rate, in messages a second, that never
// changes.
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

// piece is a segment in the units of a schedule: nanoseconds and slots, both
// counted from the start of the profile.
type piece struct {
	at, until float64 // ns
	first     float64 // slot at its start
	last      float64 // slot at its end, the first of the next piece
	rate      float64 // slots per ns at its start
	growth    float64 // of the rate, per ns
	interval  float64 // ns between slots, if the rate does not grow
}

func (p Profile) pieces() []piece {
	out := make([]piece, 0, len(p))
	at, slot := 0.0, 0.0
	for _, s := range p {
		x := piece{at: at, until: math.Inf(1), first: slot, last: slot + s.slots(), rate: s.From / 1e9, interval: 1e9 / s.From}
		if s.Length > 0 {
			x.until = at + float64(s.Length)
			x.growth = (s.To - s.From) / 1e9 / float64(s.Length)
		}
		out = append(out, x)
		at, slot = x.until, x.last
	}
	return out
}

// time returns when a slot of the piece is due. The rate changes linearly, so the number of slots
// is quadratic in the time: n = rate·t + growth·t²/2. It is solved for t without subtracting nearly
// equal numbers.
func (p *piece) time(slot float64) float64 {
	n := slot - p.first
	if p.growth == 0 {
		return p.at + n*p.interval
	}
	root := math.Sqrt(max(0, p.rate*p.rate+2*p.growth*n))
	if n == 0 {
		return p.at // at a rate of 0 the formula would be 0/0
	}
	return p.at + 2*n/(p.rate+root)
}

// slot returns how many slots there are up to t, in the piece.
func (p *piece) slot(t float64) float64 {
	d := t - p.at
	if p.growth == 0 {
		if p.rate == 0 {
			return p.first
		}
		return p.first + d/p.interval
	}
	return p.first + d*(p.rate+p.growth*d/2)
}
