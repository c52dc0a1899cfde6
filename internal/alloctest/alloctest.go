// Package alloctest is for tests that operations allocate nothing.
//
// Imports: the standard library.
package alloctest

import "testing"

// tries is how often allocations are counted at most.
const tries = 10

// Least returns how many allocations round makes for certain: the least of several counts by
// [testing.AllocsPerRun] with so many runs, which is over at the first one of 0. The count is of
// the whole process: a new goroutine of a flusher, a thread of the runtime, a pool that the
// collector has emptied. Those differ from one count to the next; what an operation allocates is
// in every one. AllocsPerRun rounds the mean of the runs down, so let a round have a thousand
// operations or more.
func Least(runs int, round func()) float64 {
	least := testing.AllocsPerRun(runs, round)
	for try := 1; try < tries && least > 0; try++ {
		least = min(least, testing.AllocsPerRun(runs, round))
	}
	return least
}
