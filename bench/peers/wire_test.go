package peers

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// loop is a source that yields the same bytes again and again, from memory.
type loop struct {
	wire []byte
	pos  int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.wire[l.pos:])
	if l.pos += n; l.pos == len(l.wire) {
		l.pos = 0
	}
	return n, nil
}

// drain is a writer that keeps the last frame if it is asked to.
type drain struct {
	bytes int64
	keep  bool
	last  []byte
}

func (d *drain) Write(p []byte) (int, error) {
	d.bytes += int64(len(p))
	if d.keep {
		d.last = append(d.last, p...)
	}
	return len(p), nil
}

// memory is a network connection without a network, for clients whose codec can
// only be had together with a connection. It answers the handshake; reads then
// wait for start, and yield what the source has until Close.
type memory struct {
	source io.Reader
	drain  drain

	mu      sync.Mutex
	hello   []byte
	started chan struct{}
	closed  chan struct{}
	once    sync.Once
}

func newMemory(source io.Reader) *memory {
	return &memory{
		source:  source,
		hello:   []byte("CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\x00"),
		started: make(chan struct{}),
		closed:  make(chan struct{}),
	}
}

func (m *memory) start() { close(m.started) }

func (m *memory) Read(p []byte) (int, error) {
	if len(m.hello) > 0 {
		n := copy(p, m.hello)
		m.hello = m.hello[n:]
		return n, nil
	}
	select {
	case <-m.started:
	case <-m.closed:
	}
	select {
	case <-m.closed:
		return 0, io.EOF
	default:
		return m.source.Read(p)
	}
}

func (m *memory) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.drain.Write(p)
}

// written returns and forgets what was kept, and how many bytes there were.
func (m *memory) written() (last []byte, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, n = m.drain.last, m.drain.bytes
	m.drain.last, m.drain.bytes = nil, 0
	return last, n
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) LocalAddr() net.Addr  { return &net.TCPAddr{} }
func (m *memory) RemoteAddr() net.Addr { return &net.TCPAddr{} }

var errNoDeadline = errors.New("a connection in memory has no deadlines")

func (m *memory) SetDeadline(time.Time) error      { return errNoDeadline }
func (m *memory) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (m *memory) SetWriteDeadline(time.Time) error { return errNoDeadline }
