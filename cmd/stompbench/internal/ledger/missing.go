package ledger

import "iter"

// Missing yields, in ascending order, the runs of numbers from 1 to last that are not in the set.
// Forgotten numbers are left out. Neighbouring runs may touch.
func (s *Set) Missing(last uint64) iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		old := runs{blocks: s.old.blocks}
		next, more := old.next()
		for _, g := range s.gaps {
			for ; more && next.First < g.First; next, more = old.next() {
				if next.First > last || !yield(Interval{next.First, min(next.Last, last)}) {
					return
				}
			}
			if g.First > last || !yield(Interval{g.First, min(g.Last, last)}) {
				return
			}
		}
		for ; more; next, more = old.next() {
			if next.First > last || !yield(Interval{next.First, min(next.Last, last)}) {
				return
			}
		}
		s.missingInWindow(last, yield)
	}
}

func (s *Set) missingInWindow(last uint64, yield func(Interval) bool) {
	top := min(last, s.high)
	var run Interval // open while First != 0
	for n := s.low + 1; n <= top; n++ {
		if at, bit := s.locate(n); s.window[at]&bit == 0 {
			if run.First == 0 {
				run.First = n
			}
			run.Last = n
			continue
		}
		if run.First != 0 && !yield(run) {
			return
		}
		run = Interval{}
	}
	// Beyond the largest number nothing is in.
	if from := max(s.low, s.high) + 1; last >= from {
		if run.First == 0 {
			run.First = from
		}
		run.Last = last
	}
	if run.First != 0 {
		yield(run)
	}
}

// MissingLen returns how many of the numbers from 1 to last are not in the set, including forgotten
// ones.
func (s *Set) MissingLen(last uint64) uint64 {
	total := s.forgotten
	for run := range s.Missing(last) {
		total += run.Len()
	}
	return total
}

// overlap returns how many numbers lie in runs of both sequences, which must be
// ascending.
func overlap(a, b iter.Seq[Interval]) uint64 {
	next, stop := iter.Pull(b)
	defer stop()
	var total uint64
	other, ok := next()
	for run := range a {
		for ok && other.Last < run.First {
			other, ok = next()
		}
		for ok && other.First <= run.Last {
			from, to := max(run.First, other.First), min(run.Last, other.Last)
			total += to - from + 1
			if other.Last > run.Last {
				break // it may reach into the next run
			}
			other, ok = next()
		}
	}
	return total
}
