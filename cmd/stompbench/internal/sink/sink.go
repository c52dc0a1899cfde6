// Package sink is a STOMP broker that discards all messages and answers receipts: a peer for
// measuring the generator itself. It does as little as possible for a frame, so it supports only
// well-formed frames of clients; anything else ends the connection.
//
// Imports: the standard library only.
package sink

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// Sink accepts connections and drains them. Create it with Listen or On.
type Sink struct {
	ln     net.Listener
	wg     sync.WaitGroup
	hangUp context.CancelFunc // ends all connections
	frames atomic.Uint64
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
	ctx, hangUp := context.WithCancel(context.Background())
	s := &Sink{ln: ln, hangUp: hangUp}
	s.wg.Go(func() { s.accept(ctx) })
	return s
}

// Addr returns host:port.
func (s *Sink) Addr() string { return s.ln.Addr().String() }

// Frames returns how many SEND frames were discarded.
func (s *Sink) Frames() uint64 { return s.frames.Load() }

func (s *Sink) accept(ctx context.Context) {
	for {
		nc, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() {
			defer nc.Close()
			defer context.AfterFunc(ctx, func() { _ = nc.Close() })()
			s.drain(nc)
		})
	}
}

// Close ends all connections and returns when their goroutines have.
func (s *Sink) Close() error {
	err := s.ln.Close()
	s.hangUp()
	s.wg.Wait()
	return err
}
