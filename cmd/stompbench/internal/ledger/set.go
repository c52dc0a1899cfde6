package ledger

import (
	"math/bits"
	"slices"
)

// maxWindow is the largest distance between the oldest missing and the newest seen number before
// missing numbers are recorded as gaps: 2^20 numbers in 128 KiB.
const maxWindow = 1 << 20

// maxGaps bounds the list of gaps: 2^14 of them take 256 KiB. Older gaps then become one bit for
// each number.
const maxGaps = 1 << 14

// Set is a set of sequence numbers from 1 on, for streams that are nearly in order. The zero value
// is empty.
//
//	1 ........ low ............... low+64·len(window)
//	all in, but  |  one bit each  |  none in yet
//	for gaps     |                |
//
// Numbers up to low are in the set, except those in gaps. The window slides over missing numbers
// only when it has grown to maxWindow; then they become gaps, runs of missing numbers, which may
// still be filled.
type Set struct {
	low    uint64 // everything up to here is settled; a multiple of 64
	high   uint64 // the largest number seen
	count  uint64 // how many are in
	window []uint64
	head   int // index in window of the word for low+1 … low+64
	gaps   []Interval
	old    dense // short gaps that were too many for the list
	// lastForgotten and forgotten count missing numbers that were dropped because there were too
	// many blocks of them, too.
	lastForgotten, forgotten uint64
}

// Interval is the numbers First to Last, both included.
type Interval struct{ First, Last uint64 }

// Len returns how many numbers the interval has.
func (i Interval) Len() uint64 { return i.Last - i.First + 1 }

// Add adds n, which must not be 0, and reports whether it was new.
func (s *Set) Add(n uint64) (added bool) {
	if n <= s.low {
		added = s.fillGap(n)
	} else {
		added = s.setBit(n)
	}
	if added {
		s.count++
		s.high = max(s.high, n)
	}
	return added
}

// Has reports whether n is in the set.
func (s *Set) Has(n uint64) bool {
	switch {
	case n == 0 || n > s.high:
		return false
	case n <= s.lastForgotten:
		return true // forgotten numbers count as in
	case n <= s.low:
		_, missing := s.findGap(n)
		return !missing && !s.old.has(n)
	}
	at, bit := s.locate(n)
	return s.window[at]&bit != 0
}

// Len returns how many numbers are in the set.
func (s *Set) Len() uint64 { return s.count }

// Forgotten returns how many missing numbers the set has lost track of, because they were in more
// than maxBlocks blocks. They stay missing, even if they arrive: Add then returns false for them.
func (s *Set) Forgotten() uint64 { return s.forgotten }

func (s *Set) setBit(n uint64) bool {
	if n > s.low+uint64(len(s.window))*64 {
		s.makeRoom(n)
	}
	at, bit := s.locate(n)
	if s.window[at]&bit != 0 {
		return false
	}
	s.window[at] |= bit
	if s.window[at] == ^uint64(0) && at == s.head {
		s.dropFullWords()
	}
	return true
}

// locate returns the word and the bit of n, which must be in the window. The length of the window
// is a power of two, so that a mask wraps the index.
func (s *Set) locate(n uint64) (at int, bit uint64) {
	off := n - s.low - 1
	return (s.head + int(off>>6)) & (len(s.window) - 1), 1 << (off & 63)
}

func (s *Set) dropFullWords() {
	for s.window[s.head] == ^uint64(0) {
		s.dropWord()
	}
}

// dropWord moves the window by one word.
func (s *Set) dropWord() {
	s.window[s.head] = 0
	s.head = (s.head + 1) & (len(s.window) - 1)
	s.low += 64
}

// makeRoom extends the window to n: it grows up to maxWindow, then it slides.
func (s *Set) makeRoom(n uint64) {
	need := n - s.low
	size := max(1, len(s.window))
	for uint64(size)*64 < need && size*64 < maxWindow {
		size *= 2
	}
	if size != len(s.window) {
		grown := make([]uint64, size)
		copied := copy(grown, s.window[s.head:])
		copy(grown[copied:], s.window[:s.head])
		s.window, s.head = grown, 0
	}
	for n > s.low+uint64(len(s.window))*64 {
		s.slide(n)
	}
}

// slide settles the oldest word of the window; missing numbers in it become gaps. If the whole
// window is empty, one gap stands for all of it: a number far ahead costs one window, not a walk to
// that number.
func (s *Set) slide(n uint64) {
	if s.high <= s.low {
		words := (n - 1 - s.low) / 64
		s.addGap(Interval{s.low + 1, s.low + words*64})
		s.low += words * 64
		return
	}
	missing := ^s.window[s.head]
	for missing != 0 {
		from := bits.TrailingZeros64(missing)
		run := bits.TrailingZeros64(^(missing >> from)) // 64 for a run to the end
		run = min(run, 64-from)
		s.addGap(Interval{s.low + uint64(from) + 1, s.low + uint64(from+run)})
		missing &^= (1<<run - 1) << from
	}
	s.dropWord()
}

// addGap appends a gap, which lies behind all others.
func (s *Set) addGap(gap Interval) {
	if last := len(s.gaps) - 1; last >= 0 && s.gaps[last].Last+1 == gap.First {
		s.gaps[last].Last = gap.Last
		return
	}
	if len(s.gaps) == maxGaps {
		s.condense()
	}
	s.gaps = append(s.gaps, gap)
}

// condense frees half of the list of gaps at once, so that the copying is amortised. Short gaps
// become bits; a gap of a block's length or more takes less memory as a gap.
func (s *Set) condense() {
	long := s.gaps[:0]
	var forgotten, last uint64
	for _, g := range s.gaps[:maxGaps/2] {
		if g.Len() >= blockLen {
			long = append(long, g)
			continue
		}
		s.old.add(g)
		if n := len(s.old.blocks); n > maxBlocks {
			missing, upTo := s.old.drop(n / 2)
			forgotten, last = forgotten+missing, upTo
		}
	}
	s.gaps = slices.Delete(s.gaps, len(long), maxGaps/2)
	if len(s.gaps) > maxGaps*3/4 {
		last = max(last, s.gaps[maxGaps/2].Last)
	}
	if last > 0 {
		s.forget(last, forgotten)
	}
}

// forget removes the gaps up to last from the list, and counts their numbers, and the given number
// of others, as forgotten.
func (s *Set) forget(last, others uint64) {
	n := 0
	for ; n < len(s.gaps) && s.gaps[n].Last <= last; n++ {
		others += s.gaps[n].Len()
	}
	s.gaps = slices.Delete(s.gaps, 0, n)
	if len(s.gaps) > 0 && s.gaps[0].First <= last {
		others += last - s.gaps[0].First + 1
		s.gaps[0].First = last + 1
	}
	whole, _ := s.old.find(last / blockLen) // blocks that end at last or before
	missing, _ := s.old.drop(whole)
	s.forgotten += others + missing
	s.lastForgotten = last
}

// findGap returns the gap that contains n.
func (s *Set) findGap(n uint64) (at int, found bool) {
	at, _ = slices.BinarySearchFunc(s.gaps, n, func(g Interval, n uint64) int {
		if g.Last < n {
			return -1
		}
		return 1
	})
	return at, at < len(s.gaps) && s.gaps[at].First <= n
}

// fillGap removes n from the gap that contains it, if any.
func (s *Set) fillGap(n uint64) bool {
	at, found := s.findGap(n)
	if !found {
		return s.old.fill(n)
	}
	g := &s.gaps[at]
	switch {
	case g.First == g.Last:
		s.gaps = slices.Delete(s.gaps, at, at+1)
	case n == g.First:
		g.First++
	case n == g.Last:
		g.Last--
	default:
		tail := Interval{n + 1, g.Last}
		g.Last = n - 1
		s.gaps = slices.Insert(s.gaps, at+1, tail)
	}
	return true
}
