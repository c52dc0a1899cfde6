// Package pause measures the silence of peers in a process that may be stopped, or whose machine
// may stand still. When it continues, what its peers sent meanwhile is still unread, and its own
// absence must not count as their silence.
//
// Imports: the standard library.
package pause

import "time"

// Silence is how long there has been no sign of a peer, as seen by a loop that checks periodically.
// The time between two checks counts only up to a limit: beyond that, the process did not run. The
// zero value is ready. It is not safe for concurrent use.
type Silence struct {
	sum  time.Duration
	last time.Time
}

// most is the limit that counts between two checks.
const most = 100 * time.Millisecond

// Look records whether there was a sign since the previous call, and returns how long there has
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
