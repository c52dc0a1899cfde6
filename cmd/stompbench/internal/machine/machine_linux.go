package machine

import (
	"bufio"
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func (m *Machine) ask() {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	m.CPU = field("/proc/cpuinfo", "model name")
	if kib, _, ok := strings.Cut(field("/proc/meminfo", "MemTotal"), " "); ok {
		n, _ := strconv.ParseUint(kib, 10, 64)
		m.Memory = n << 10
	}
	m.limits()
}

// field returns the first value of a "name : value" line.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

const cgroups = "/sys/fs/cgroup"

// limits reads the tightest limits of our cgroup and its ancestors, in the form of cgroup v2.
func (m *Machine) limits() {
	text, _ := os.ReadFile("/proc/self/cgroup")
	own, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "0::")
	if !ok {
		return
	}
	for dir := path.Clean("/" + own); ; dir = path.Dir(dir) {
		m.limitsOf(cgroups + dir)
		if dir == "/" {
			return
		}
	}
}

func (m *Machine) limitsOf(dir string) {
	text, _ := os.ReadFile(dir + "/cpu.max")
	if quota, period, ok := strings.Cut(strings.TrimSpace(string(text)), " "); ok {
		q, _ := strconv.ParseFloat(quota, 64) // "max" is none
		p, _ := strconv.ParseFloat(period, 64)
		if q > 0 && p > 0 && (m.LimitCPUs == 0 || q/p < m.LimitCPUs) {
			m.LimitCPUs = q / p
		}
	}
	text, _ = os.ReadFile(dir + "/memory.max")
	if n, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); n > 0 && (m.LimitBytes == 0 || n < m.LimitBytes) {
		m.LimitBytes = n
	}
}
