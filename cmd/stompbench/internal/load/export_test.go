package load

import "time"

// SetMaxDrain sets how long the end of a run may take in all, until restore is called.
func SetMaxDrain(d time.Duration) (restore func()) {
	before := maxDrain
	maxDrain = d
	return func() { maxDrain = before }
}

type Standstills = standstills

func (s *Standstills) Look(from, now int64, every time.Duration) { s.look(from, now, every) }
func (s Standstills) Since(from int64) time.Duration             { return s.since(from) }
