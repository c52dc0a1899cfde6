package link

import "syscall"

// acknowledgeNow sends the acknowledgement that is due, if there is one. It then puts the socket
// back into the mode that delays acknowledgements, because TCP_QUICKACK leaves it in the other one,
// in which a busy peer with Nagle's algorithm sends frame by frame.
func acknowledgeNow(fd uintptr) error {
	if err := syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1); err != nil {
		return err
	}
	return syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 0)
}
