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
	socket := &onceFile{TCPConn: ours}
	handled := make(chan struct{}, 1)
	h.onFrame = func(l *link.Link) error {
		if socket.asked.Load() < 2 {
			l.Pause()
		}
		handled <- struct{}{}
		return nil
	}
	h.link = link.New(socket, h, link.Options{})
	if err := e.Start(h.link); err != nil {
		t.Fatal(err)
	}
	// A pause that is over before the loop has seen it does not take the link off, so this
	// may take more than one. Quiet for 200 ms, the link asks to go back.
	for began := time.Now(); socket.asked.Load() < 2; {
		_, _ = io.WriteString(peer, message("first"))
		h.next(t)
		<-handled // a Resume that came before would be no use
		time.Sleep(10 * time.Millisecond)
		h.link.Resume()
		for range 100 {
			if socket.asked.Load() < 2 {
				time.Sleep(5 * time.Millisecond)
			}
		}
		if time.Since(began) > patience {
			t.Fatal("the link does not ask to go back to its loop")
		}
	}
	_, _ = io.WriteString(peer, message("second"))
	if got := h.next(t); got != "second" {
		t.Fatal(got)
	}
	h.link.Close(nil)
	h.closing(t)
}
