package churn

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// awaitEnd waits until the other side has ended a connection that is not read, and reports whether it
// has. Otherwise the read deadline has passed, which ctx sets at its end. The runtime calls again when
// something has arrived; the end is seen behind data that stays unread.
func awaitEnd(ctx context.Context, nc net.Conn) bool {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	socket, ok := nc.(syscall.Conn)
	if !ok {
		<-ctx.Done()
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	return raw.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		_, err := unix.Poll(fds, 0)
		return err == nil && fds[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
	}) == nil
}
