//go:build unix

package link

import "syscall"

const canAskSocket = true

func socketError(fd uintptr) error {
	if n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR); err == nil && n != 0 {
		return syscall.Errno(n)
	}
	return nil
}
