package link

import "syscall"

// quickAck sends the acknowledgement that is due. "This flag is not permanent" (tcp(7)).
func quickAck(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
}
