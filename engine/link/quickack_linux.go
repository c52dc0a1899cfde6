package link

import "syscall"

// acknowledgeNow sends the acknowledgement that is due, if there is one. It leaves the
// socket in the mode in which the next is delayed: in the other one, in which
// TCP_QUICKACK leaves it, a busy peer with Nagle's algorithm sends frame by frame.
func acknowledgeNow(fd uintptr) error {
	if err := syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1); err != nil {
		return err
	}
	return syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 0)
}
