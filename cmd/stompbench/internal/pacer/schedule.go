package pacer

// Schedule is the share of one producer in an even stream: of n producers,
// producer i has the slots i, i+n, i+2n and so on. Their sum is the whole stream,
// evenly spaced, without any of them knowing of the others.
type Schedule struct {
	start    int64   // when slot 0 is due, ns
	interval float64 // between slots of the whole stream, ns
	first    float64 // slot of our message 0
	step     float64 // slots between messages of ours
}

// NewSchedule returns the schedule of producer index of n, at total messages a
// second for all of them together. start is in nanoseconds of any clock.
func NewSchedule(start int64, total float64, index, n int) Schedule {
	return Schedule{start: start, interval: 1e9 / total, first: float64(index), step: float64(n)}
}

// Due returns when message k, from 0, is due. It computes from k and not from the
// message before, so rounding never adds up: a float64 holds 2^53 slots exactly.
func (s Schedule) Due(k uint64) int64 {
	return s.start + int64((s.first+float64(k)*s.step)*s.interval)
}

// Before returns how many messages are due before t.
func (s Schedule) Before(t int64) uint64 {
	slots := float64(t-s.start)/s.interval - s.first
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
