// Package alloctest counts allocations for tests.
//
// Imports: the standard library.
package alloctest

import "testing"

// tries is the maximum number of counts.
const tries = 10

// Least returns the allocations of round that are certain: the minimum of several counts by
// [testing.AllocsPerRun] with so many runs. It stops at the first count of 0. A count includes the
// whole process: a new flusher goroutine, a thread of the runtime, a pool that the garbage
// collector has emptied. Those differ between counts; allocations of the operation itself are in
// every count. AllocsPerRun rounds the mean of the runs down, so a round should have a thousand
// operations or more.
func Least(runs int, round func()) float64 {
	least := testing.AllocsPerRun(runs, round)
	for try := 1; try < tries && least > 0; try++ {
		least = min(least, testing.AllocsPerRun(runs, round))
	}
	return least
}
