package engine_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
)

// onceFile is a socket that can be duplicated once, as when descriptors run out after that.
type onceFile struct {
	*net.TCPConn
	asked atomic.Int32
}

func (c *onceFile) File() (*os.File, error) {
	if c.asked.Add(1) > 1 {
		return nil, errors.New("too many open files")
	}
	return c.TCPConn.File()
}

// A link that cannot go back to its loop is as healthy as before: it stays on its goroutine.
func TestLinkThatCannotReturnToItsLoopIsStillRead(t *testing.T) {
	e, err := engine.New(engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ours, peer := tcpPair(t)
	h := newHandler()
	h.onFrame = func(l *link.Link) error {
		if h.count() == 1 {
			l.Pause()
			go l.Resume()
		}
		return nil
	}
	socket := &onceFile{TCPConn: ours}
	h.link = link.New(socket, h, link.Options{})
	if err := e.Start(h.link); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(peer, message("first"))
	h.next(t)
	for socket.asked.Load() < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	_, _ = io.WriteString(peer, message("second"))
	if got := h.next(t); got != "second" {
		t.Fatal(got)
	}
	h.link.Close(nil)
	h.closing(t)
}
