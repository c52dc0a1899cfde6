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
	start := readUsage()
	for cpuTime()-start.cpu < 100*time.Millisecond {
		for i := range 1 << 16 {
			_ = i
		}
	}
	c := readUsage().since(start)
	if c.Threads == 0 || c.BusiestThread < 50*time.Millisecond || c.BusiestThread > c.CPU+2*tick {
		t.Errorf("%+v", c)
	}
	if c.MachineBusy <= 0 || c.MachineBusy > 1 {
		t.Errorf("the machine was busy for %v of the time", c.MachineBusy)
	}
}
