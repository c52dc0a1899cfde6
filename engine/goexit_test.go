package engine_test

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

func exit(*link.Link) error {
	runtime.Goexit()
	return nil
}

// A handler that ends the goroutine that reads its link ends the link, whoever reads it: the peer sees it closed, and OnClose
// is told why.
func TestGoexitEndsTheLink(t *testing.T) {
	for _, place := range []string{"first", "after a pause"} {
		t.Run(place, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, d driver) {
				h := newHandler()
				h.onFrame = exit
				paused := make(chan struct{})
				if place != "first" { // on an engine, the link has a goroutine of its own then
					h.onFrame = func(l *link.Link) error {
						l.Pause()
						h.onFrame = exit
						close(paused)
						return nil
					}
				}
				l, peer := start(t, d, h, link.Options{})
				_, _ = io.WriteString(peer, message("first")+message("second"))
				h.next(t)
				if place != "first" {
					<-paused
					l.Resume()
					h.next(t)
				}
				if err := h.closing(t); !errors.Is(err, link.ErrGoexit) {
					t.Errorf("cause %v", err)
				}
				if _, err := peer.Read(make([]byte, 1)); err == nil {
					t.Error("the peer reads on")
				}
			})
		})
	}
}

// On an engine that links share, those of the same loop end with it, and no link waits for a loop that is not there. Those
// of other loops live on.
func TestGoexitOnASharedLoop(t *testing.T) {
	const loops, links = 2, 6
	e, err := engine.New(engine.Options{Loops: loops})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var handlers []*handler
	var peers []*net.TCPConn
	var bad atomic.Bool
	for range links { // they take turns with the loops
		h := newHandler()
		if len(handlers) == 0 {
			h.onFrame = func(l *link.Link) error {
				if bad.Load() {
					return exit(l)
				}
				return nil
			}
		}
		_, peer := start(t, e, h, link.Options{})
		_, _ = io.WriteString(peer, message("hello"))
		h.next(t)
		handlers, peers = append(handlers, h), append(peers, peer)
	}
	bad.Store(true)
	_, _ = io.WriteString(peers[0], message("bad"))
	if err := handlers[0].closing(t); !errors.Is(err, link.ErrGoexit) {
		t.Errorf("cause %v", err)
	}
	for deadline := time.Now().Add(patience); ; { // the loop may only be about to end
		ours, _ := tcpPair(t)
		late := newHandler()
		l := link.New(ours, late, link.Options{})
		err := e.Start(l)
		l.Close(nil)
		if err == nil && time.Now().Before(deadline) {
			late.closing(t)
			continue
		}
		if !errors.Is(err, link.ErrGoexit) {
			t.Errorf("Start after that: %v", err)
		}
		break
	}
	ended := 0
	for i, h := range handlers {
		_, _ = io.WriteString(peers[i], message("still"))
		select {
		case body := <-h.frames: // "bad" of the first
			if i > 0 && body != "still" {
				t.Errorf("link %d reads %q", i, body)
			}
		case err := <-h.closed:
			h.closed <- err
			if ended++; !errors.Is(err, link.ErrGoexit) {
				t.Errorf("cause %v", err)
			}
		}
	}
	if ended == 0 || ended >= links {
		t.Errorf("%d of %d links have ended", ended, links)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// OnClose may do the same: it has a goroutine of its own.
func TestGoexitInOnClose(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		other := newHandler()
		_, peer := start(t, d, other, link.Options{})
		ours, theirs := tcpPair(t)
		told := make(chan error, 1)
		l := link.New(ours, closeExits{told}, link.Options{})
		if err := d.Start(l); err != nil {
			t.Fatal(err)
		}
		_ = theirs.Close()
		if err := <-told; err == nil {
			t.Error("no cause")
		}
		_, _ = io.WriteString(peer, message("still"))
		if got := other.next(t); got != "still" {
			t.Error(got)
		}
	})
}

type closeExits struct{ told chan error }

func (closeExits) OnFrame(*frame.Frame) error { return nil }

func (h closeExits) OnClose(err error) {
	h.told <- err
	runtime.Goexit()
}
