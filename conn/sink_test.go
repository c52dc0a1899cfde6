package conn_test

import (
	"net"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// receiptSink is a broker over TCP that confirms everything as fast as it reads, and allocates nothing for that.
type receiptSink struct {
	l      net.Listener
	onSend func(f *frame.Frame) // on the goroutine of the connection; nil for nothing
}

func startReceiptSink(t testing.TB, onSend func(f *frame.Frame)) *receiptSink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &receiptSink{l: l, onSend: onSend}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { s.serve(nc) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		conns.Wait()
	})
	return s
}

func (s *receiptSink) serve(nc net.Conn) {
	defer nc.Close()
	stream := parser.Stream{Buffers: &sinkMemory{}}
	answers := &sinkAnswers{onSend: s.onSend, out: make([]byte, 0, 1<<20)}
	buf := make([]byte, 64<<10)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		answers.out = answers.out[:0]
		if _, err := stream.Feed(buf[:n], answers); err != nil {
			return
		}
		if _, err := nc.Write(answers.out); err != nil {
			return
		}
	}
}

type sinkAnswers struct {
	onSend func(f *frame.Frame)
	out    []byte
}

func (a *sinkAnswers) OnFrame(f *frame.Frame) error {
	if f.Command == frame.CmdConnect {
		a.out = append(a.out, "CONNECTED\nversion:1.2\n\n\x00"...)
		return nil
	}
	if f.Command == frame.CmdSend && a.onSend != nil {
		a.onSend(f)
	}
	if id, ok := f.Header.Lookup(frame.HeaderReceipt); ok {
		a.out = append(a.out, "RECEIPT\nreceipt-id:"...)
		a.out = append(a.out, id...)
		a.out = append(a.out, "\n\n\x00"...)
	}
	return nil
}

// sinkMemory keeps the buffers that the parser gives back.
type sinkMemory struct{ free [][]byte }

func (m *sinkMemory) Get(size int) []byte {
	for i, b := range m.free {
		if cap(b) >= size {
			m.free = append(m.free[:i], m.free[i+1:]...)
			return b[:0]
		}
	}
	return make([]byte, 0, max(size, 64<<10))
}

func (m *sinkMemory) Put(b []byte) { m.free = append(m.free, b) }
