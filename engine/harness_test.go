package engine_test

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// patience is how long anything may take that has to happen. It is long because a busy machine is no failure.
const patience = time.Minute

type driver interface{ Start(*link.Link) error }

// eachDriver runs a test over every way to read a link: they must not differ.
func eachDriver(t *testing.T, test func(t *testing.T, d driver)) {
	t.Run("driver=gnet", func(t *testing.T) {
		e, err := engine.New(engine.Options{Loops: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		test(t, e)
	})
	t.Run("driver=own", func(t *testing.T) { test(t, engine.Own{}) })
	t.Run("driver=pump", func(t *testing.T) { test(t, pump.Driver{}) })
}

// handler records what a link tells it. Functions may be nil.
type handler struct {
	link    *link.Link // set before it is read
	onFrame func(l *link.Link) error
	drained chan struct{}

	mu     sync.Mutex
	bodies []string
	frames chan string // bodies too, for tests that wait
	closed chan error
}

func newHandler() *handler {
	return &handler{
		drained: make(chan struct{}, 100),
		frames:  make(chan string, 100000),
		closed:  make(chan error, 10),
	}
}

func (h *handler) OnFrame(f *frame.Frame) error {
	h.mu.Lock()
	h.bodies = append(h.bodies, string(f.Body))
	h.mu.Unlock()
	h.frames <- string(f.Body)
	if h.onFrame != nil {
		return h.onFrame(h.link)
	}
	return nil
}

func (h *handler) OnClose(err error) { h.closed <- err }
func (h *handler) OnDrain() {
	select {
	case h.drained <- struct{}{}:
	default:
	}
}

func (h *handler) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.bodies)
}

// tcpPair returns both ends of a TCP connection over loopback.
func tcpPair(t testing.TB) (ours, theirs *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		nc, _ := ln.Accept()
		accepted <- nc
	}()
	a, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b := <-accepted
	t.Cleanup(func() { b.Close() })
	// Small buffers, so that a peer that does not read is felt soon.
	_ = a.(*net.TCPConn).SetWriteBuffer(64 << 10)
	_ = b.(*net.TCPConn).SetReadBuffer(64 << 10)
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

// start returns a running link and its peer. The link is closed, and seen to be
// closed exactly once, when the test ends.
func start(t *testing.T, d driver, h *handler, opts link.Options) (*link.Link, *net.TCPConn) {
	t.Helper()
	ours, theirs := tcpPair(t)
	l := link.New(ours, h, opts)
	h.link = l
	if err := d.Start(l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close(nil)
		select {
		case err := <-h.closed:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("OnClose(%v), want an error that Is net.ErrClosed", err)
			}
		case <-time.After(patience):
			t.Error("OnClose was not called")
		}
		select {
		case err := <-h.closed:
			t.Errorf("OnClose was called twice, then with %v", err)
		default:
		}
	})
	return l, theirs
}

// closing waits for OnClose and puts the error back for the cleanup of start.
func (h *handler) closing(t *testing.T) error {
	t.Helper()
	select {
	case err := <-h.closed:
		h.closed <- err
		return err
	case <-time.After(patience):
		t.Fatal("OnClose was not called")
		return nil
	}
}

func (h *handler) next(t *testing.T) string {
	t.Helper()
	select {
	case body := <-h.frames:
		return body
	case <-time.After(patience):
		t.Fatalf("no frame comes, after %d", h.count())
		return ""
	}
}

func message(body string) string {
	return fmt.Sprintf("MESSAGE\ndestination:/queue/a\nmessage-id:1\nsubscription:1\ncontent-length:%d\n\n%s\x00", len(body), body)
}
