package conn

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A timer that is late gives the readers a moment, which nothing that is due earlier cuts short.
func TestLateClockGivesAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		k := clock{base: time.Now(), fire: func() { calls.Add(1) }}
		time.Sleep(time.Minute)
		k.armed = time.Second // it was due long ago: the process did not run
		if k.fired() {
			t.Fatal("the time is told at once")
		}
		k.arm(time.Second) // as it still is
		k.arm(k.now() + time.Millisecond)
		time.Sleep(moment - time.Millisecond)
		synctest.Wait()
		if calls.Load() != 0 {
			t.Error("the moment was cut short")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if calls.Load() != 1 || !k.fired() {
			t.Errorf("%d calls", calls.Load())
		}
		k.stop()
	})
}
