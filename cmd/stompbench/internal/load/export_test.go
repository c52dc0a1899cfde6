package load

import "time"

// SetMaxDrain sets how long the end of a run may take in all, until restore is called.
func SetMaxDrain(d time.Duration) (restore func()) {
	before := maxDrain
	maxDrain = d
	return func() { maxDrain = before }
}
