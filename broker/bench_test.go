package broker_test

import (
	"bytes"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// endless is a connection without a kernel: what is read from it is first, then
// batch over and over until left is used up; what is written to it is counted.
type endless struct {
	net.Conn // nil: nothing else is called
	first    []byte
	batch    []byte
	each     int64 // messages of a batch
	left     atomic.Int64
	at       int
	nuls     atomic.Int64 // frames written to it
	more     chan struct{}
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.first) > 0 {
		n := copy(p, e.first)
		e.first = e.first[n:]
		return n, nil
	}
	for e.at == 0 && e.left.Add(-e.each) < 0 {
		if _, open := <-e.more; !open {
			return 0, net.ErrClosed
		}
	}
	n := copy(p, e.batch[e.at:])
	e.at = (e.at + n) % len(e.batch)
	return n, nil
}

func (e *endless) Write(p []byte) (int, error) {
	e.nuls.Add(int64(bytes.Count(p, []byte{0})))
	return len(p), nil
}

func (e *endless) Close() error                     { defer func() { _ = recover() }(); close(e.more); return nil }
func (e *endless) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (e *endless) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (e *endless) SetDeadline(time.Time) error      { return nil }
func (e *endless) SetReadDeadline(time.Time) error  { return nil }
func (e *endless) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkRoute measures what the broker itself takes for a message: from bytes read
// to bytes written, without sockets.
func BenchmarkRoute(b *testing.B) {
	for _, c := range []struct{ name, destination, lines string }{
		{"queue", "/queue/bench", ""},
		{"topic", "/topic/bench", ""},
		{"queue-5h", "/queue/bench", "content-type:text/plain\npriority:4\npersistent:true\ncorrelation-id:1234-5678\n"},
	} {
		b.Run("case="+c.name+"/impl=stompwire", func(b *testing.B) {
			srv, err := broker.New(broker.Config{})
			if err != nil {
				b.Fatal(err)
			}
			defer srv.Close()
			sub := &endless{more: make(chan struct{}), first: wire("CONNECT\naccept-version:1.2\n\n^@SUBSCRIBE\nid:1\ndestination:" + c.destination + "\n\n^@")}
			sub.each = 1
			srv.ServeConn(sub)
			waitFor(b, func() bool { return srv.Stats().Subscriptions == 1 })
			const each = 250
			pub := &endless{more: make(chan struct{}, 1), each: each, first: wire("CONNECT\naccept-version:1.2\n\n^@")}
			pub.batch = bytes.Repeat(wire("SEND\ndestination:"+c.destination+"\n"+c.lines+"content-length:128\n\n"+strings.Repeat("x", 128)+"^@"), each)
			n := int64((b.N + each - 1) / each * each)
			b.ReportAllocs()
			b.ResetTimer()
			pub.left.Store(n)
			srv.ServeConn(pub)
			for sub.nuls.Load() < n+1 {
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
}
