package ledger

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// Interval is the numbers First to Last, both included.
type Interval struct{ First, Last uint64 }

// Len returns how many numbers the interval has.
func (i Interval) Len() uint64 { return i.Last - i.First + 1 }

// runs yields the runs of numbers in b, in ascending order. roaring64 has no such iterator.
func runs(b *roaring64.Bitmap) iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		var some [256]uint64
		run := Interval{First: 1} // empty: 0 is in no set
		for all := b.ManyIterator(); ; {
			k := all.NextMany(some[:])
			for _, n := range some[:k] {
				if n == run.Last+1 && run.Last > 0 {
					run.Last = n
					continue
				}
				if run.Last > 0 && !yield(run) {
					return
				}
				run = Interval{n, n}
			}
			if k == 0 {
				break
			}
		}
		if run.Last > 0 {
			yield(run)
		}
	}
}

// runs yields the runs of numbers in the set, in ascending order. Forgotten ones count as in it.
func (s *Set) runs() iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		s.settle()
		next := uint64(1)
		for gap := range runs(&s.missing) {
			if gap.First > next && !yield(Interval{next, gap.First - 1}) {
				return
			}
			next = gap.Last + 1
		}
		if next <= s.high {
			yield(Interval{next, s.high})
		}
	}
}
