package load

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// tick is the unit of CPU times in /proc. It is 1/100 s on every architecture that
// Go runs on, whatever the kernel uses inside.
const tick = time.Second / 100

// threadTimes returns the times of each thread of this process. The times of a thread that ends
// between two calls are lost; the runtime keeps its threads.
func threadTimes() map[int]threadTime {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	times := make(map[int]threadTime, len(entries))
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if t, ok := readThread("/proc/self/task/" + e.Name()); ok {
			times[id] = t
		}
	}
	return times
}

// readThread reads schedstat, which has nanoseconds and starvation. A kernel built without it has
// stat.
func readThread(dir string) (threadTime, bool) {
	if line, err := os.ReadFile(dir + "/schedstat"); err == nil {
		if t, ok := parseSchedstat(line); ok {
			return t, true
		}
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return threadTime{}, false // it has ended
	}
	return parseThreadStat(stat)
}

// parseSchedstat reads: time on a processor, time ready to run without one, both in
// nanoseconds, and the number of times that it ran.
func parseSchedstat(line []byte) (t threadTime, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) < 2 {
		return t, false
	}
	cpu, err1 := strconv.ParseInt(string(fields[0]), 10, 64)
	starved, err2 := strconv.ParseInt(string(fields[1]), 10, 64)
	return threadTime{time.Duration(cpu), time.Duration(starved)}, err1 == nil && err2 == nil
}

// parseThreadStat returns utime + stime, fields 14 and 15. Field 2 is the name in parentheses,
// which may contain anything, so the fields are counted from its end.
func parseThreadStat(stat []byte) (threadTime, bool) {
	at := bytes.LastIndexByte(stat, ')')
	if at < 0 {
		return threadTime{}, false
	}
	fields := bytes.Fields(stat[at+1:])
	if len(fields) < 13 {
		return threadTime{}, false
	}
	return threadTime{cpu: ticks(fields[11]) + ticks(fields[12])}, true
}

// readMachine reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq,
// steal, and two more that user and nice include already.
func readMachine() machineTime {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return machineTime{}
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	return parseMachineStat(line)
}

func parseMachineStat(line []byte) (m machineTime) {
	fields := bytes.Fields(line)
	if len(fields) < 5 || string(fields[0]) != "cpu" {
		return m
	}
	for i, f := range fields[1:min(len(fields), 9)] {
		t := ticks(f)
		m.total += t
		if i != 3 && i != 4 { // idle, iowait
			m.busy += t
		}
	}
	return m
}

func ticks(field []byte) time.Duration {
	n, err := strconv.ParseInt(string(field), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n) * tick
}
