package link_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/internal/testca"
)

// slow is a peer that takes so many bytes in a second, at most 1,000 at a time.
type slow struct {
	net.Conn
	rate int
}

func (c slow) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 1000)])
	time.Sleep(time.Duration(n) * time.Second / time.Duration(c.rate))
	return n, err
}

// socketLike is a pipe that passes for a kernel socket.
type socketLike struct{ net.Conn }

func (socketLike) SyscallConn() (syscall.RawConn, error) { return nil, errors.ErrUnsupported }

// transports are the ways a link may go to a peer that reads slowly.
var transports = map[string]func(t *testing.T, ours net.Conn, peer slow) (net.Conn, net.Conn){
	"plain": func(_ *testing.T, ours net.Conn, peer slow) (net.Conn, net.Conn) { return socketLike{ours}, peer },
	"tls": func(t *testing.T, ours net.Conn, peer slow) (net.Conn, net.Conn) {
		return tls.Client(link.Progress(ours), trusting), tls.Server(peer, testca.New(t).Server())
	},
	"tls of a server": func(t *testing.T, ours net.Conn, peer slow) (net.Conn, net.Conn) {
		ln := tls.NewListener(link.ProgressListener(&oneConn{ours}), testca.New(t).Server())
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return nc, tls.Client(peer, trusting)
	},
}

// A peer that reads 50 kB/s makes progress, however little of a batch it takes in
// WriteTimeout (R11).
func TestSlowPeerIsNotCutOff(t *testing.T) {
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			overTransport(t, transport, func(t *testing.T, l *link.Link, peer net.Conn) {
				const size = 500_000
				commit(t, l, string(make([]byte, size)))
				if n, err := io.ReadFull(peer, make([]byte, size)); err != nil {
					t.Errorf("%v after %d bytes, the link: %v", err, n, l.Err())
				}
			})
		})
	}
}

// One that stops reading is cut off in time, also in the middle of a batch (R11).
func TestPeerThatStopsReadingIsCutOff(t *testing.T) {
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			overTransport(t, transport, func(t *testing.T, l *link.Link, peer net.Conn) {
				commit(t, l, string(make([]byte, 500_000)))
				if _, err := io.ReadFull(peer, make([]byte, 200_000)); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				<-l.Done()
				if took := time.Since(begin); took < writeTimeout/2 || took > writeTimeout+time.Second {
					t.Errorf("closed after %v, want %v and a second look", took, writeTimeout)
				}
				var timeout *link.TimeoutError
				if !errors.As(l.Err(), &timeout) {
					t.Errorf("cause %v, want a TimeoutError", l.Err())
				}
			})
		})
	}
}

// How long a peer has taken nothing counts from when it last took something, and not from when
// that is noticed (R11).
func TestPeerThatTookALittleIsCutOffInTime(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"plain":    func(nc net.Conn) net.Conn { return socketLike{nc} },
		"progress": link.Progress,
	} {
		synctest.Test(t, func(t *testing.T) {
			const limit = 10 * time.Second
			ours, peer := net.Pipe()
			defer peer.Close()
			l := link.New(wrap(ours), &recorder{}, link.Options{WriteTimeout: limit})
			commit(t, l, "abc")
			time.Sleep(100 * time.Millisecond)
			_, _ = peer.Read(make([]byte, 1))
			begin := time.Now()
			<-l.Done()
			if took := time.Since(begin); took < limit || took > limit+time.Second {
				t.Errorf("%s: closed after %v, want between %v and %v", name, took, limit, limit+time.Second)
			}
		})
	}
}

// A deadline that has passed when it is set fails writes at once: crypto/tls ends a connection
// that way.
func TestProgressKeepsDeadlinesInThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		defer peer.Close()
		nc := link.Progress(ours)
		defer nc.Close()
		begin := time.Now()
		_ = nc.SetWriteDeadline(begin)
		if _, err := nc.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error %v, want a deadline", err)
		}
		_ = nc.SetDeadline(begin.Add(-time.Second))
		if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: error %v, want a deadline", err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// A deadline that is set or removed while a write is stuck holds for that write.
func TestProgressObeysANewDeadline(t *testing.T) {
	for _, removed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ours, peer := net.Pipe()
			defer peer.Close()
			nc := link.Progress(link.Progress(ours))
			defer nc.Close()
			_ = nc.SetWriteDeadline(time.Now().Add(time.Second))
			begin := time.Now()
			time.AfterFunc(500*time.Millisecond, func() {
				until := begin.Add(10 * time.Second)
				if removed {
					until = time.Time{}
					time.AfterFunc(time.Hour, func() { _ = nc.Close() })
				}
				_ = nc.SetWriteDeadline(until)
			})
			_, err := nc.Write([]byte("x"))
			took := time.Since(begin)
			if removed && took != time.Hour+500*time.Millisecond || !removed && took != 10*time.Second+secondLook {
				t.Errorf("removed %v: %v after %v", removed, err, took)
			}
		})
	}
}

// The sockets below TLS are found through Progress, and the link asks them what it has to.
func TestProgressShowsItsSocket(t *testing.T) {
	ours, _ := socketPair(t, "tcp", "127.0.0.1:0")
	nc := link.Progress(ours)
	if below := nc.(interface{ NetConn() net.Conn }).NetConn(); below != ours {
		t.Errorf("NetConn is %v", below)
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil || raw.Control(func(uintptr) {}) != nil {
		t.Errorf("no socket: %v", err)
	}
	pipe, end := net.Pipe()
	defer end.Close()
	if _, err := link.Progress(pipe).(syscall.Conn).SyscallConn(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("socket of a pipe: %v", err)
	}
}

const writeTimeout = time.Second

func overTransport(t *testing.T, transport func(*testing.T, net.Conn, slow) (net.Conn, net.Conn), test func(t *testing.T, l *link.Link, peer net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		nc, peer := transport(t, ours, slow{theirs, 50_000})
		r := &recorder{closed: make(chan error, 1)}
		l := link.New(nc, r, link.Options{HighWater: 1 << 20, WriteTimeout: writeTimeout})
		if err := (pump.Driver{}).Start(l); err != nil {
			t.Fatal(err)
		}
		if secure, ok := peer.(*tls.Conn); ok {
			if err := secure.Handshake(); err != nil {
				t.Fatal(err)
			}
		}
		test(t, l, peer)
		l.Close(nil)
		_ = theirs.Close()
		<-r.closed
	})
}

// oneConn is a listener of one connection.
type oneConn struct{ net.Conn }

func (l *oneConn) Accept() (net.Conn, error) { return l.Conn, nil }
func (l *oneConn) Addr() net.Addr            { return l.LocalAddr() }

var trusting = &tls.Config{InsecureSkipVerify: true} // of what is at stake in a test
