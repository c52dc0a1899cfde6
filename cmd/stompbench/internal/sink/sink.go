// Package sink is a STOMP broker that discards all messages and answers receipts: a peer for
// measuring the generator itself. It does as little as possible for a frame.
//
// Imports: frame, parser and writer of stompwire.
package sink

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
	"github.com/stompwire/stompwire/writer"
)

// Sink accepts connections and drains them. Create it with On.
type Sink struct {
	ln     net.Listener
	wg     sync.WaitGroup
	hangUp context.CancelFunc // ends all connections
	frames atomic.Uint64
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

// bufferSize is the maximum size of one read.
const bufferSize = 256 << 10

// drain serves one connection: all receipts of one read leave with one write.
func (s *Sink) drain(nc net.Conn) {
	buf := make([]byte, bufferSize)
	var a answers
	frames := parser.Stream{BodyThreshold: 1, Buffers: &a} // no body is kept
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		_, err = frames.Feed(buf[:n], &a)
		s.frames.Add(a.sends)
		a.sends = 0
		if err != nil {
			return
		}
		if len(a.out) > 0 {
			if _, err := nc.Write(a.out); err != nil {
				return
			}
			a.out = a.out[:0]
		}
	}
}

// answers takes the frames of one connection.
type answers struct {
	out   []byte // what is to be sent
	sends uint64
	head  []byte // memory for an unfinished header block
}

// Get implements [parser.BufferSource].
func (a *answers) Get(size int) []byte {
	a.head = slices.Grow(a.head[:0], size)
	return a.head
}

// Put implements [parser.BufferSource].
func (*answers) Put([]byte) {}

// OnFrame answers a frame without a body, or with a body of one octet.
func (a *answers) OnFrame(f *frame.Frame) error { return a.OnBodyStart(f, 0) }

// OnBodyStart answers a frame.
func (a *answers) OnBodyStart(f *frame.Frame, _ int64) (err error) {
	switch f.Command {
	case frame.CmdSend:
		a.sends++
	case frame.CmdConnect, frame.CmdStomp:
		a.out = append(a.out, "CONNECTED\nversion:1.2\nserver:sink\nheart-beat:0,0\n\n\x00"...)
		return nil
	}
	if id, ok := f.Header.Lookup(frame.HeaderReceipt); ok {
		a.out, err = writer.AppendReceipt(a.out, frame.Version12, id)
	}
	return err
}

// OnBodyChunk discards a part of a body.
func (*answers) OnBodyChunk([]byte) error { return nil }

// OnBodyEnd does nothing.
func (*answers) OnBodyEnd() error { return nil }
