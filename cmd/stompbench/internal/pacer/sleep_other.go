//go:build !linux

package pacer

import "time"

// Precise sleeps for d, as precisely as the runtime does.
func Precise(d time.Duration) { time.Sleep(d) }
