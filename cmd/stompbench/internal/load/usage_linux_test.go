package load

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// A thread that burns a processor is seen, and is most of what the process uses.
func TestBusiestThread(t *testing.T) {
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("no /proc")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtime.GC() // what others left behind is not to be cleared away meanwhile
	before := cpuTime()
	start := readUsage(t.Context())
	for cpuTime()-start.CPU < 100*time.Millisecond {
		for i := range 1 << 16 {
			_ = i
		}
	}
	c := readUsage(t.Context()).since(&start)
	// The threads are looked at after the process: by then it has used more.
	if all := cpuTime() - before; c.BusiestThread < 50*time.Millisecond || c.BusiestThread > all+20*time.Millisecond {
		t.Errorf("%+v, of %v in all", c, all)
	}
	if c.MachineBusy <= 0 || c.MachineBusy > 1 {
		t.Errorf("the machine was busy for %v of the time", c.MachineBusy)
	}
}

// The kernel's idle time goes back a little now and then, and then more time is busy
// than there was.
func TestMachineBusyIsAShare(t *testing.T) {
	type times struct{ busy, total time.Duration }
	start := usage{busy: time.Second, total: 2 * time.Second}
	for now, want := range map[times]float64{
		{busy: 2 * time.Second, total: 4 * time.Second}:         0.5,
		{busy: 1100 * time.Millisecond, total: 2 * time.Second}: 0, // no time has passed: unknown
		{busy: 2 * time.Second, total: 2900 * time.Millisecond}: 1,
		{busy: 900 * time.Millisecond, total: 3 * time.Second}:  0,
		{busy: 900 * time.Millisecond, total: 1 * time.Second}:  0,
	} {
		if got := (usage{busy: now.busy, total: now.total}).since(&start).MachineBusy; got != want {
			t.Errorf("%+v: %v, want %v", now, got, want)
		}
	}
}
