package pacer

import (
	"sync"
	"time"
)

// Every calls f at an interval, on a goroutine of its own, until stop is called. stop waits for the
// call in progress.
func Every(interval time.Duration, f func()) (stop func()) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f()
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
