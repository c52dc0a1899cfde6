// Package pause measures silence in a process that may not run all the time: it is
// stopped, or the machine below it stands still. When it goes on, what its peers have
// sent meanwhile still lies in the sockets, and its own absence must not be taken for
// their silence.
//
// Imports: the standard library.
package pause

import "time"

// Silence is how long there has been no sign of a peer, as seen by a loop that looks
// again and again. The time between two looks counts only up to a limit: beyond that, the
// process did not run. The zero value is ready. It is not safe for concurrent use.
type Silence struct {
	sum  time.Duration
	last time.Time
}

// most is how much counts between two looks.
const most = 100 * time.Millisecond

// Look says whether there was a sign since the last look, and returns how long there has
// been none.
func (s *Silence) Look(sign bool) time.Duration {
	now := time.Now()
	if sign || s.last.IsZero() {
		s.sum = 0
	} else {
		s.sum += min(now.Sub(s.last), most)
	}
	s.last = now
	return s.sum
}
