package machine

import "golang.org/x/sys/unix"

func (m *Machine) ask() {
	m.Kernel, _ = unix.Sysctl("kern.osrelease")
	m.CPU, _ = unix.Sysctl("machdep.cpu.brand_string")
	m.Memory, _ = unix.SysctlUint64("hw.memsize")
}
