package ledger

import "iter"

// Runs yields, in ascending order, the runs of numbers that are in the set. No two of them touch.
// Forgotten numbers count as in the set.
func (s *Set) Runs() iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		next := uint64(1)
		for gap := range s.Missing(s.high) {
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

// setOf returns the set of the numbers in runs, which are in ascending order and do
// not overlap.
func setOf(runs iter.Seq[Interval]) *Set {
	s := new(Set)
	for run := range runs {
		if run.First > s.high+1 {
			s.addGap(Interval{s.high + 1, run.First - 1})
		}
		s.high = run.Last
		s.count += run.Len()
	}
	// Everything is settled, including the rest of the last word.
	s.low = s.high
	if rest := s.high % 64; rest != 0 {
		s.low += 64 - rest
		s.addGap(Interval{s.high + 1, s.low})
	}
	return s
}

// union returns the numbers that are in a or in b, and how many are in both.
func union(a, b *Set) (sum *Set, both uint64) {
	sum = setOf(joined(a.Runs(), b.Runs()))
	return sum, a.Len() + b.Len() - sum.Len()
}

// joined merges two ascending sequences of runs into one; runs that overlap become
// one.
func joined(a, b iter.Seq[Interval]) iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		nextB, stop := iter.Pull(b)
		defer stop()
		other, more := nextB()
		var run Interval // open while First != 0
		add := func(i Interval) bool {
			if run.First != 0 && i.First <= run.Last {
				run.Last = max(run.Last, i.Last)
				return true
			}
			done := run
			run = i
			return done.First == 0 || yield(done)
		}
		for i := range a {
			for ; more && other.First < i.First; other, more = nextB() {
				if !add(other) {
					return
				}
			}
			if !add(i) {
				return
			}
		}
		for ; more; other, more = nextB() {
			if !add(other) {
				return
			}
		}
		if run.First != 0 {
			yield(run)
		}
	}
}
