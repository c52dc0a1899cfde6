package ledger

import (
	"iter"
	"math/bits"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// maxWindow is the largest distance between the oldest pending and the newest seen number: 2^20
// numbers in 128 KiB. Missing numbers further behind are kept in a bitmap.
const maxWindow = 1 << 20

// maxMissing bounds the memory for missing numbers, in bytes: a bit each of 2^30 scattered ones.
const maxMissing = 128 << 20

// Set is a set of sequence numbers from 1 on, for streams that are nearly in order. The zero value
// is empty.
//
//	1 ........ low ............... low+64·len(window)
//	all settled  |  one bit each  |  none seen yet
//
// A number is settled if it is in the set or in missing, and pending otherwise. The window moves on
// when its first word is settled, and settles pending numbers if it would grow beyond maxWindow.
// Missing numbers may still be added. In order, a stream takes one word and no bitmap.
type Set struct {
	low    uint64   // everything up to here is settled; a multiple of 64
	high   uint64   // the largest number in the set
	count  uint64   // how many are in the set
	window []uint64 // a ring; its length is 0 or a power of two
	// missing are settled numbers that are not in the set.
	missing roaring64.Bitmap
	// forgotten is how many missing numbers were dropped, because they took more than maxMissing.
	// They stay missing, even if they arrive: Add then returns false for them.
	forgotten uint64
}

// Add adds n, which must not be 0, and reports whether it was new.
func (s *Set) Add(n uint64) bool {
	if n > s.low {
		if n > s.low+uint64(len(s.window))*64 {
			s.makeRoom(n)
		}
		word, bit := s.word(n), uint64(1)<<((n-1)%64)
		if *word&bit == 0 {
			*word |= bit
			s.count++
			s.high = max(s.high, n)
			if *word == ^uint64(0) {
				s.dropSettled()
			}
			return true
		}
	}
	if !s.missing.CheckedRemove(n) {
		return false
	}
	s.count++
	return true
}

// Has reports whether n is in the set. Forgotten numbers count as in the set.
func (s *Set) Has(n uint64) bool {
	if n == 0 || n > s.high || n > s.low && *s.word(n)&(1<<((n-1)%64)) == 0 {
		return false
	}
	return !s.missing.Contains(n)
}

// Len returns how many numbers are in the set, of a nil set none.
func (s *Set) Len() uint64 {
	if s == nil {
		return 0
	}
	return s.count
}

// MissingLen returns how many of the numbers from 1 to last are not in the set, including all
// forgotten ones.
func (s *Set) MissingLen(last uint64) uint64 { return last - s.upTo(last) + s.forgotten }

// upTo returns how many of the numbers from 1 to last are in the set. Forgotten numbers count as in
// the set.
func (s *Set) upTo(last uint64) uint64 {
	s.settle(s.high)
	last = min(last, s.high)
	return last - s.missing.Rank(last)
}

// word returns the word of the window for n, which must be in it.
func (s *Set) word(n uint64) *uint64 { return &s.window[(n-1)/64&uint64(len(s.window)-1)] }

// dropSettled moves the window over words that are settled.
func (s *Set) dropSettled() {
	for s.low < s.high && *s.word(s.low + 1) == ^uint64(0) {
		*s.word(s.low + 1) = 0
		s.low += 64
	}
}

// makeRoom makes the window reach n: it grows up to maxWindow, then it moves.
func (s *Set) makeRoom(n uint64) {
	words := (n-1-s.low)/64 + 1
	size := min(uint64(1)<<bits.Len64(words-1), maxWindow/64)
	if size > uint64(len(s.window)) {
		old := Set{window: s.window}
		s.window = make([]uint64, size)
		for low := s.low; low < s.high; low += 64 {
			*s.word(low + 1) = *old.word(low + 1)
		}
	}
	if words > size {
		s.advance(s.low + (words-size)*64)
	}
}

// advance moves the window so that it begins behind to, a multiple of 64.
func (s *Set) advance(to uint64) {
	before := s.low
	s.settle(min(to, s.high))
	if to > s.high { // a number far ahead costs no walk to it
		if s.low < s.high {
			*s.word(s.low + 1) = 0
		}
		s.missing.AddRange(s.high+1, to+1)
		s.low = to
	}
	if s.low>>20 > before>>20 {
		s.forget(maxMissing)
	}
}

// settle makes what is pending up to last missing. last is at most high.
func (s *Set) settle(last uint64) {
	for low := s.low; low < last; low += 64 {
		word := s.word(low + 1)
		pending := ^*word
		if rest := last - low; rest < 64 {
			pending &= 1<<rest - 1
		}
		*word |= pending
		if pending == ^uint64(0) {
			s.missing.AddRange(low+1, low+65)
			continue
		}
		for ; pending != 0; pending &= pending - 1 {
			s.missing.Add(low + 1 + uint64(bits.TrailingZeros64(pending)))
		}
	}
	s.dropSettled()
}

// forget drops the missing numbers if they take more than most bytes.
func (s *Set) forget(most uint64) {
	if s.memory() <= most {
		return
	}
	if s.missing.RunOptimize(); s.memory() > most {
		s.forgotten += s.missing.GetCardinality()
		s.missing.Clear()
	}
}

// containers returns how many containers the missing numbers take, of a nil set none.
func (s *Set) containers() uint64 {
	if s == nil {
		return 0
	}
	return s.missing.Stats().Containers
}

// memory returns about how many bytes the missing numbers take.
func (s *Set) memory() uint64 { return s.missing.GetSizeInBytes() + containerSize*s.containers() }

// union makes s, which must be empty, the numbers that are in a or in b. It returns how many are in
// both.
func (s *Set) union(a, b *Set) (both uint64) {
	a.settle(a.high)
	b.settle(b.high)
	if a.high < b.high {
		a, b = b, a
	}
	s.missing = *a.missing.Clone()
	s.missing.RemoveRange(0, b.high+1)
	s.missing.Or(roaring64.And(&a.missing, &b.missing))
	s.fill(a.high)
	return a.Len() + b.Len() - s.Len()
}

// fill makes an empty set the numbers up to high without those that are missing.
func (s *Set) fill(high uint64) {
	s.high, s.count = high, high-s.missing.GetCardinality()
	s.low = high / 64 * 64
	if rest := high % 64; rest != 0 {
		s.window = []uint64{1<<rest - 1}
	}
}

// Interval is the numbers First to Last, both included.
type Interval struct{ First, Last uint64 }

// Len returns how many numbers the interval has.
func (i Interval) Len() uint64 { return i.Last - i.First + 1 }

// runs yields the runs of numbers in b, in ascending order. roaring64 has no such iterator.
func runs(b *roaring64.Bitmap) iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		var some [256]uint64
		run := Interval{First: 1} // empty: 0 is in no set
		all := b.ManyIterator()
		for k := all.NextMany(some[:]); k > 0; k = all.NextMany(some[:]) {
			for _, n := range some[:k] {
				if n != run.Last+1 {
					if run.Last > 0 && !yield(run) {
						return
					}
					run.First = n
				}
				run.Last = n
			}
		}
		if run.Last > 0 {
			yield(run)
		}
	}
}

// addRuns adds runs to b. Adding short ones as numbers, many at once, is faster than one by one.
func addRuns(b *roaring64.Bitmap, runs iter.Seq[Interval]) {
	const short, many = 256, 4096
	var numbers []uint64
	for run := range runs {
		if run.Len() > short {
			b.AddRange(run.First, run.Last+1)
			continue
		}
		for n := run.First; n <= run.Last; n++ {
			numbers = append(numbers, n)
		}
		if len(numbers) > many {
			b.AddMany(numbers)
			numbers = numbers[:0]
		}
	}
	b.AddMany(numbers)
}
