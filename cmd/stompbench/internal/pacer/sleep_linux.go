package pacer

import (
	"runtime"
	"syscall"
	"time"
)

// Precise sleeps for d and is late by about 0.1 ms. Go's own timers wait in whole
// milliseconds when the program is idle, which is late by half a millisecond at
// the median and three now and then: more than many brokers take for a message.
// nanosleep is kept to by the kernel, idle or busy, at the price of a thread.
func Precise(d time.Duration) {
	// Let what was just sent leave first: the flusher may be waiting for this
	// very processor.
	runtime.Gosched()
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // woken early by a signal, the caller looks again
}
