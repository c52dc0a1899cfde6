// Package sink is the receiver for benchmarks that only send: a listener that answers the
// handshake, discards what follows, and counts the messages. It is hand-written, without any
// library's codec, and does as little as possible.
//
// Imports: internal/flow.
package sink

import (
	"net"
	"sync"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

// Sink accepts connections on loopback and drains them.
type Sink struct {
	*flow.Gate // counts the messages of all connections

	l  net.Listener
	wg sync.WaitGroup

	mu     sync.Mutex
	conns  []net.Conn
	closed bool
}

// Protocol serves one connection until it ends. buf is large.
type Protocol func(c net.Conn, buf []byte, arrived *flow.Gate)

// bufferSize is the maximum size of one read.
const bufferSize = 256 << 10

// Listen starts a sink.
func Listen(serve Protocol) (*Sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{Gate: flow.NewGate(), l: l}
	s.wg.Go(func() { s.accept(serve) })
	return s, nil
}

// Addr returns the address to dial.
func (s *Sink) Addr() string { return s.l.Addr().String() }

func (s *Sink) accept(serve Protocol) {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		if !s.keep(c) {
			c.Close()
			return
		}
		s.wg.Go(func() {
			defer c.Close()
			serve(c, make([]byte, bufferSize), s.Gate)
		})
	}
}

func (s *Sink) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	return !s.closed
}

// Close ends all connections and returns when their goroutines have.
func (s *Sink) Close() {
	s.l.Close()
	s.mu.Lock()
	s.closed = true
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}
