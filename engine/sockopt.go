//go:build linux || darwin

package engine

import (
	"net"
	"syscall"
)

// keepOptions saves the keep-alive settings, which net.FileConn is about to replace by its
// defaults, and returns a function that restores them: both descriptors refer to one socket, whose
// settings are the user's.
func keepOptions(nc net.Conn) (restore func()) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return func() {}
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return func() {}
	}
	var values [len(overwritten)]int
	_ = raw.Control(func(fd uintptr) {
		for i, o := range overwritten {
			if values[i], err = syscall.GetsockoptInt(int(fd), o.level, o.name); err != nil {
				values[i] = -1
			}
		}
	})
	return func() {
		_ = raw.Control(func(fd uintptr) {
			for i, o := range overwritten {
				if values[i] >= 0 {
					_ = syscall.SetsockoptInt(int(fd), o.level, o.name, values[i])
				}
			}
		})
	}
}
