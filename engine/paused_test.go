package engine_test

import (
	"io"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine/link"
)

// A link that is not read ends all the same when its peer resets the connection.
func TestPausedLinkNoticesReset(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		h.onFrame = func(l *link.Link) error {
			l.Pause()
			return nil
		}
		_, peer := start(t, d, h, link.Options{})
		_, _ = io.WriteString(peer, message("first")+message("second"))
		h.next(t)
		_ = peer.SetLinger(0)
		_ = peer.Close()
		h.closing(t)
		if n := h.count(); n != 1 {
			t.Errorf("%d frames were handled although the link was paused", n)
		}
	})
}

// A peer that has closed its side has said all it had to say, and that is read once
// the link is resumed.
func TestPausedLinkReadsWhatWasSentBeforeTheEnd(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		h.onFrame = func(l *link.Link) error {
			l.Pause()
			return nil
		}
		l, peer := start(t, d, h, link.Options{})
		_, _ = io.WriteString(peer, message("first"))
		h.next(t)
		_, _ = io.WriteString(peer, message("second"))
		_ = peer.Close()
		stop := make(chan struct{})
		defer close(stop)
		go func() { // again and again: the handler may only be about to pause
			for {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
					l.Resume()
				}
			}
		}()
		if got := h.next(t); got != "second" {
			t.Error(got)
		}
		h.closing(t)
	})
}
