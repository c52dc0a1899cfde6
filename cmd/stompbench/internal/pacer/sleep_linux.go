package pacer

import (
	"runtime"
	"syscall"
	"time"
)

// Precise sleeps for d and is late by about 0.1 ms. Go's own timers wait in whole milliseconds when
// the program is idle: they are late by half a millisecond at the median and by three milliseconds
// now and then, which is more than many brokers take for a message. The kernel keeps nanosleep
// precise, idle or busy, at the cost of a thread.
func Precise(d time.Duration) {
	// Let the flusher run first: it may be waiting for this processor.
	runtime.Gosched()
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // if a signal ends it early, the caller sleeps again
}
