package churn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// watch holds a connection without sending, for so long or until ctx ends. It reports whether the
// other side ended it meanwhile, and how. It reads what arrives if reading is set.
func watch(ctx context.Context, nc net.Conn, reading bool, hold time.Duration) (ended bool, how string) {
	ctx, cancel := context.WithTimeout(ctx, hold)
	defer cancel()
	if !reading && !gone(ctx, nc) {
		// Data that arrived may be followed by an end that could not be seen before. If not, this
		// returns at once.
		_ = nc.SetReadDeadline(time.Now().Add(lastLook))
		ended, how = readToEnd(nc)
		return ended, "at an unknown time, behind unread data: " + how
	}
	if err := nc.SetReadDeadline(time.Time{}); err != nil {
		return true, "closed"
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	return readToEnd(nc)
}

// lastLook is how long reading may take to find the end of a connection behind unread data.
const lastLook = 200 * time.Millisecond

// gone waits until the other side has ended a connection that is not read. It returns false if ctx
// ends first.
func gone(ctx context.Context, nc net.Conn) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if hungUp(nc) {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
}

// socketOf returns the socket of a connection; nil if it cannot be had.
func socketOf(nc net.Conn) syscall.Conn {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	socket, _ := nc.(syscall.Conn)
	return socket
}

// tailLength is how many of the last bytes are searched for an ERROR.
const tailLength = 4 << 10

// readToEnd reads until the end, or the read deadline.
func readToEnd(nc net.Conn) (ended bool, how string) {
	var tail []byte
	for buf := make([]byte, tailLength); ; {
		n, err := nc.Read(buf)
		tail = append(tail, buf[:n]...)
		tail = tail[max(0, len(tail)-tailLength):]
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			return false, ""
		default:
			return true, howEnded(tail, err)
		}
	}
}

// howEnded says how the other side ended a connection, by the last bytes that came.
func howEnded(tail []byte, err error) string {
	from := bytes.LastIndex(tail, []byte("ERROR\n"))
	if crlf := bytes.LastIndex(tail, []byte("ERROR\r\n")); crlf > from {
		from = crlf
	}
	switch {
	case from == 0, from > 0 && (tail[from-1] == '\n' || tail[from-1] == 0):
		return refusal(tail[from:])
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	}
	return "closed"
}
