package link

import (
	"net"
	"syscall"
	"time"
)

// gonePeriod is how often a paused link checks whether its peer has reset the connection. Without a
// read in progress nothing else reports a reset.
const gonePeriod = time.Second

// watchGone returns a channel that ticks when it is time to check. It returns nil if there is
// nothing to check: a pipe, or a system that cannot report socket errors. Reading goroutine only.
func (l *Link) watchGone() <-chan time.Time {
	if l.socket() == nil {
		return nil
	}
	if l.goneTimer == nil {
		l.goneTimer = time.NewTimer(gonePeriod)
	} else {
		l.goneTimer.Reset(gonePeriod)
	}
	return l.goneTimer.C
}

// beneath returns the connection below TLS and Progress.
func (l *Link) beneath() net.Conn {
	nc := l.nc
	for {
		above, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			return nc
		}
		nc = above.NetConn()
	}
}

// socket returns the kernel socket below the connection, nil if there is none.
func (l *Link) socket() syscall.RawConn {
	sc, ok := l.beneath().(syscall.Conn)
	if !ok || !canAskSocket {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// gone returns the socket's pending error, nil if there is none. A peer that has merely closed its
// side is not gone: what it sent is still to be read.
func (l *Link) gone() (err error) {
	if raw := l.socket(); raw != nil {
		_ = raw.Control(func(fd uintptr) { err = socketError(fd) })
	}
	return err
}
