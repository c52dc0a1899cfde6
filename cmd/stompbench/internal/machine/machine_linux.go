package machine

import (
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

func (m *Machine) ask() {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return
	}
	if kernel, err := fs.SysctlStrings("kernel.osrelease"); err == nil {
		m.Kernel = strings.Join(kernel, " ")
	}
	if cpus, err := fs.CPUInfo(); err == nil && len(cpus) > 0 {
		m.CPU = cpus[0].ModelName
	}
	if memory, err := fs.Meminfo(); err == nil && memory.MemTotalBytes != nil {
		m.Memory = *memory.MemTotalBytes
	}
	self, err := fs.Self()
	if err != nil {
		return
	}
	groups, _ := self.Cgroups()
	for _, g := range groups {
		if g.HierarchyID == 0 { // cgroup v2
			m.limits(path.Clean("/" + g.Path))
		}
	}
}

// limits reads the tightest limits of a cgroup and its ancestors.
func (m *Machine) limits(group string) {
	const root = "/sys/fs/cgroup"
	text, _ := os.ReadFile(root + group + "/cpu.max")
	quota, period, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	q, _ := strconv.ParseFloat(quota, 64) // "max" is none
	p, _ := strconv.ParseFloat(period, 64)
	if q > 0 && p > 0 && (m.LimitCPUs == 0 || q/p < m.LimitCPUs) {
		m.LimitCPUs = q / p
	}
	text, _ = os.ReadFile(root + group + "/memory.max")
	if n, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); n > 0 && (m.LimitBytes == 0 || n < m.LimitBytes) {
		m.LimitBytes = n
	}
	if group != "/" {
		m.limits(path.Dir(group))
	}
}
