package sink

import (
	"net"
	"sync"
	"sync/atomic"
)

// Sink accepts connections and drains them. Create it with Listen or On.
type Sink struct {
	ln     net.Listener
	wg     sync.WaitGroup
	frames atomic.Uint64

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// Listen starts a sink on loopback, on a port chosen by the system.
func Listen() (*Sink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return On(ln), nil
}

// On starts a sink that accepts from ln, which it owns.
func On(ln net.Listener) *Sink {
	s := &Sink{ln: ln, open: map[net.Conn]struct{}{}}
	s.wg.Go(s.accept)
	return s
}

// Addr returns host:port.
func (s *Sink) Addr() string { return s.ln.Addr().String() }

// Frames returns how many SEND frames were discarded.
func (s *Sink) Frames() uint64 { return s.frames.Load() }

func (s *Sink) accept() {
	for {
		nc, err := s.ln.Accept()
		if err != nil {
			return
		}
		if !s.keep(nc) {
			_ = nc.Close()
			return
		}
		s.wg.Go(func() {
			defer s.forget(nc)
			s.drain(nc)
		})
	}
}

func (s *Sink) keep(nc net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.open[nc] = struct{}{}
	}
	return !s.closed
}

func (s *Sink) forget(nc net.Conn) {
	_ = nc.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, nc)
}

// Close ends all connections and returns when their goroutines have.
func (s *Sink) Close() error {
	err := s.ln.Close()
	s.mu.Lock()
	s.closed = true
	for nc := range s.open {
		_ = nc.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}
