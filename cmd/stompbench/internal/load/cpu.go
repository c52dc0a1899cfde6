package load

import (
	"os"
	"time"

	"github.com/prometheus/procfs"
)

// threadTimes returns the times of each thread of this process, none where there is no /proc. The
// times of a thread that ends between two calls are lost; the runtime keeps its threads.
func threadTimes() map[int]threadTime {
	threads, err := procfs.AllThreads(os.Getpid())
	if err != nil {
		return nil
	}
	times := make(map[int]threadTime, len(threads))
	for _, t := range threads {
		// schedstat has nanoseconds and starvation. A kernel built without it has stat.
		if s, err := t.Schedstat(); err == nil {
			times[t.PID] = threadTime{time.Duration(s.RunningNanoseconds), time.Duration(s.WaitingNanoseconds)}
		} else if s, err := t.Stat(); err == nil {
			times[t.PID] = threadTime{cpu: inSeconds(s.CPUTime())}
		}
	}
	return times
}

// readMachine returns the time of all processors, 0 where there is no /proc.
func readMachine() (m machineTime) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return m
	}
	stat, err := fs.Stat()
	if err != nil {
		return m
	}
	c := stat.CPUTotal // user and nice include the time of guests
	m.busy = inSeconds(c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ + c.Steal)
	m.total = m.busy + inSeconds(c.Idle+c.Iowait)
	return m
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
