package load

import (
	"os"
	"runtime"
	"testing"
	"time"
)

func TestThreadStat(t *testing.T) {
	for stat, want := range map[string]time.Duration{
		"7 (go) S 1 1 1 0 -1 0 0 0 0 0 12 30 0 0 20 0 1 0":         420 * time.Millisecond,
		"7 (a) b) (c) R 1 1 1 0 -1 0 0 0 0 0 100 0 0 0 20 0 1 0\n": time.Second,
	} {
		if got, ok := parseThreadStat([]byte(stat)); !ok || got.cpu != want {
			t.Errorf("%q: %v, %v, want %v", stat, got, ok, want)
		}
	}
	if got, ok := parseSchedstat([]byte("12 34 5\n")); !ok || got != (threadTime{12, 34}) {
		t.Errorf("%v, %v", got, ok)
	}
	for _, line := range []string{"", "12", "a b c"} {
		if _, ok := parseSchedstat([]byte(line)); ok {
			t.Errorf("%q was understood", line)
		}
	}
	for _, stat := range []string{"", "7 (go", "7 (go) S 1 2"} {
		if _, ok := parseThreadStat([]byte(stat)); ok {
			t.Errorf("%q was understood", stat)
		}
	}
}

func TestMachineStat(t *testing.T) {
	m := parseMachineStat([]byte("cpu  100 10 50 800 40 0 0 0 100 10"))
	if m.busy != 1600*time.Millisecond || m.total != 10*time.Second {
		t.Errorf("%+v", m)
	}
	for _, line := range []string{"", "cpu0 1 2 3 4 5", "cpu x"} {
		if m := parseMachineStat([]byte(line)); m != (machineTime{}) {
			t.Errorf("%q: %+v", line, m)
		}
	}
}

// A thread that burns a processor is seen, and is most of what the process uses.
func TestBusiestThread(t *testing.T) {
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("no /proc")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtime.GC() // what others left behind is not to be cleared away meanwhile
	before := cpuTime()
	start := readUsage()
	for cpuTime()-start.cpu < 100*time.Millisecond {
		for i := range 1 << 16 {
			_ = i
		}
	}
	c := readUsage().since(start)
	// The threads are looked at after the process: by then it has used more.
	if all := cpuTime() - before; c.Threads == 0 || c.BusiestThread < 50*time.Millisecond || c.BusiestThread > all+2*tick {
		t.Errorf("%+v, of %v in all", c, all)
	}
	if c.MachineBusy <= 0 || c.MachineBusy > 1 {
		t.Errorf("the machine was busy for %v of the time", c.MachineBusy)
	}
}

// The kernel's idle time goes back a little now and then, and then more time is busy
// than there was.
func TestMachineBusyIsAShare(t *testing.T) {
	start := usage{machine: machineTime{busy: time.Second, total: 2 * time.Second}}
	for now, want := range map[machineTime]float64{
		{busy: 2 * time.Second, total: 4 * time.Second}:         0.5,
		{busy: 1100 * time.Millisecond, total: 2 * time.Second}: 0, // no time has passed: unknown
		{busy: 2 * time.Second, total: 2900 * time.Millisecond}: 1,
		{busy: 900 * time.Millisecond, total: 3 * time.Second}:  0,
		{busy: 900 * time.Millisecond, total: 1 * time.Second}:  0,
	} {
		if got := (usage{machine: now}).since(start).MachineBusy; got != want {
			t.Errorf("%+v: %v, want %v", now, got, want)
		}
	}
}
