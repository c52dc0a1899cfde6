// Package exit is the exit codes of stompbench.
package exit

import "slices"

// Exit codes.
const (
	OK          = 0
	CannotRun   = 1
	Usage       = 2
	Integrity   = 3
	Generator   = 4
	Rate        = 5
	SLO         = 99 // as k6 has it
	Interrupted = 130
)

// Codes lists all exit codes and their meanings, for the help and the manual.
var Codes = []struct {
	Code    int
	Meaning string
}{
	{OK, "all is well"},
	{CannotRun, "could not run: no connection, no login, or the broker failed on the way"},
	{Usage, "flags that are wrong or contradict each other"},
	{Integrity, "a message was lost, duplicated or corrupt"},
	{Generator, "the generator itself could not keep the --rate, or was what find ended at, so the result is invalid"},
	{Rate, "the broker did not keep the --rate: more than --rate-tolerance of the messages that were due were not sent in time"},
	{SLO, "--slo was not met, or a condition of compare --fail-if came true"},
	{Interrupted, "interrupted by ^C"},
}

// Worst returns the most severe of several exit codes: faults of the broker's books come first, then
// runs that could not be made.
func Worst(codes ...int) int {
	order := []int{OK, Rate, SLO, Generator, Interrupted, Usage, CannotRun, Integrity}
	worst := 0
	for _, code := range codes {
		worst = max(worst, slices.Index(order, code))
	}
	return order[worst]
}
