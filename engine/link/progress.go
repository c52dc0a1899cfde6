package link

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// TLS and WebSocket writes are all or nothing: a write that a deadline cuts off cannot be continued
// and breaks the connection. Seen from above them, a slow peer looks like one that takes nothing,
// so the deadline has to sit below them, where bytes are counted. A progress conn does that: its
// deadline is how long the peer may take nothing, and it restarts with every byte taken.

// Progress returns nc with write deadlines that move: a deadline d from now expires when the peer
// has taken nothing for d, plus half a second in case this process was stopped. Put it below TLS or
// a WebSocket, so that Options.WriteTimeout means there what it means over TCP:
//
//	link.New(tls.Client(link.Progress(nc), cfg), h, opts)
//
// A link directly over it, or over a kernel socket, does the same by itself. Reading and all other
// methods are those of nc.
func Progress(nc net.Conn) net.Conn {
	if _, already := nc.(*progress); already {
		return nc
	}
	return &progress{Conn: nc}
}

// ProgressListener returns ln with connections that [Progress] has made: for tls.NewListener.
func ProgressListener(ln net.Listener) net.Listener { return progressListener{ln} }

type progressListener struct{ net.Listener }

func (ln progressListener) Accept() (net.Conn, error) {
	nc, err := ln.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Progress(nc), nil
}

// progress is a connection whose write deadlines move. Deadlines may be set while another goroutine
// writes. Only one goroutine may write at a time, as TLS and WebSockets do.
type progress struct {
	net.Conn

	mu       sync.Mutex
	set      bool          // there is a deadline
	patience time.Duration // how far in the future it was when it was set
	stall    stalled
}

// sliced returns the connection that a link writes to, and how long one write may take before the
// link checks for progress. The time is secondLook if a write may be cut off anywhere and
// continued: on a kernel socket, and on what the caller gave to Progress. Otherwise it is timeout.
func sliced(nc net.Conn, timeout time.Duration) (net.Conn, time.Duration) {
	if p, ok := nc.(*progress); ok {
		return p.Conn, secondLook
	}
	if _, ok := nc.(syscall.Conn); ok {
		return nc, secondLook
	}
	return nc, timeout
}

// NetConn returns the connection below, as that of tls.Conn does.
func (p *progress) NetConn() net.Conn { return p.Conn }

// SyscallConn is that of the connection below. Writing through it moves no deadline.
func (p *progress) SyscallConn() (syscall.RawConn, error) {
	if socket, ok := p.Conn.(syscall.Conn); ok {
		return socket.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

func (p *progress) SetDeadline(t time.Time) error {
	return errors.Join(p.Conn.SetReadDeadline(t), p.SetWriteDeadline(t))
}

func (p *progress) SetWriteDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set = !t.IsZero(); !p.set {
		return p.Conn.SetWriteDeadline(t)
	}
	now := time.Now()
	p.patience, p.stall = t.Sub(now), stalled{last: now}
	return p.Conn.SetWriteDeadline(now.Add(min(p.patience, secondLook)))
}

// Write writes in pieces, so that progress is seen before the peer has taken everything.
func (p *progress) Write(b []byte) (written int, err error) {
	for {
		n, err := p.Conn.Write(b[written:min(len(b), written+maxWrite)])
		written += n
		switch {
		case err == nil:
			p.took()
		case !errors.Is(err, os.ErrDeadlineExceeded) || !p.waitOn(n):
			return written, err
		}
		if written == len(b) {
			return written, nil
		}
	}
}

// took notes progress. The deadline below is moved only when it expires; most never do.
func (p *progress) took() {
	p.mu.Lock()
	p.stall = stalled{last: time.Now()}
	p.mu.Unlock()
}

// waitOn is called when the deadline below has expired after n more bytes. It moves that deadline
// and returns true, or returns false if time is up.
func (p *progress) waitOn(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.set {
		return true // it was removed meanwhile
	}
	if p.patience <= 0 {
		return false // it was set to a past time, to make writes fail
	}
	now := time.Now()
	if n > 0 {
		p.stall = stalled{last: now}
	}
	wait := p.stall.wait(now, p.patience, secondLook)
	_ = p.Conn.SetWriteDeadline(now.Add(wait))
	return wait > 0
}
