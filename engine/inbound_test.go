package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

func TestFramesArriveWholeHoweverTheyAreCut(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		_, peer := start(t, d, h, link.Options{})
		bodies := []string{"a", "", strings.Repeat("b", 100_000), "with\x00nul", "c"}
		var wire strings.Builder
		for _, body := range bodies {
			wire.WriteString(message(body))
			wire.WriteString("\n\r\n")
		}
		rest := wire.String()
		for _, cut := range []int{1, 2, 50, 3, 1000, 40_000} {
			_, _ = io.WriteString(peer, rest[:cut])
			rest = rest[cut:]
			time.Sleep(2 * time.Millisecond) // so that it is a read of its own
		}
		_, _ = io.WriteString(peer, rest)
		for i, want := range bodies {
			if got := h.next(t); got != want {
				t.Fatalf("body %d is %d bytes %.20q, want %d bytes %.20q", i, len(got), got, len(want), want)
			}
		}
	})
}

func TestEndOfStream(t *testing.T) {
	cases := []struct {
		name, sent string
		want       error
	}{
		{"between frames", message("a"), io.EOF},
		{"in a header", "MESSAGE\ndest", io.ErrUnexpectedEOF},
		{"in a counted body", "MESSAGE\ncontent-length:5\n\nab", io.ErrUnexpectedEOF},
		{"after a broken frame", "MESSAGE\nno colon\n\n\x00", frame.ErrNoColon},
		{"after a frame over the limits", "MESSAGE\ncontent-length:99999999999\n\n", frame.ErrBodyTooLong},
	}
	eachDriver(t, func(t *testing.T, d driver) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				h := newHandler()
				_, peer := start(t, d, h, link.Options{})
				_, _ = io.WriteString(peer, c.sent)
				_ = peer.CloseWrite()
				if err := h.closing(t); !errors.Is(err, c.want) {
					t.Fatalf("OnClose(%v), want %v in the chain", err, c.want)
				}
			})
		}
	})
}

func TestHandlerErrorClosesWithThatCause(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		mine := errors.New("enough")
		h.onFrame = func(*link.Link) error { return mine }
		l, peer := start(t, d, h, link.Options{})
		_, _ = io.WriteString(peer, message("a")+message("b"))
		if err := h.closing(t); !errors.Is(err, mine) {
			t.Fatalf("OnClose(%v), want the handler's error", err)
		}
		if n := h.count(); n != 1 {
			t.Fatalf("%d frames, want none after the error", n)
		}
		if !errors.Is(l.Err(), mine) {
			t.Fatalf("Err() = %v", l.Err())
		}
	})
}

func TestPauseStopsReadingAndResumeLosesNothing(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		const frames = 3000
		h := newHandler()
		h.onFrame = func(l *link.Link) error {
			if h.count()%500 == 1 {
				l.Pause()
				go func() {
					time.Sleep(5 * time.Millisecond)
					l.Resume()
				}()
			}
			return nil
		}
		_, peer := start(t, d, h, link.Options{})
		for i := range frames {
			if _, err := io.WriteString(peer, message(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		for i := range frames {
			if got := h.next(t); got != fmt.Sprint(i) {
				t.Fatalf("frame %d has body %q", i, got)
			}
		}
		// Silence brings it back to its loop; it must still be read there.
		time.Sleep(300 * time.Millisecond)
		_, _ = io.WriteString(peer, message("later"))
		if got := h.next(t); got != "later" {
			t.Fatalf("after the pause came %q", got)
		}
	})
}

// What is fed again after a pause has been counted.
func TestPauseCountsNoByteTwice(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		h.onFrame = func(l *link.Link) error {
			l.Pause()
			go l.Resume()
			return nil
		}
		l, peer := start(t, d, h, link.Options{})
		const n = 50
		text := strings.Repeat(message("x"), n)
		_, _ = io.WriteString(peer, text)
		for range n {
			h.next(t)
		}
		_ = peer.Close()
		h.closing(t)
		if st := l.Stats(); st.BytesIn != uint64(len(text)) || st.FramesIn != n {
			t.Errorf("%d bytes and %d frames in, want %d and %d", st.BytesIn, st.FramesIn, len(text), n)
		}
	})
}

func TestPausedLinkPushesBack(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		h.onFrame = func(l *link.Link) error { l.Pause(); return nil }
		_, peer := start(t, d, h, link.Options{})
		block := bytes.Repeat([]byte(message(strings.Repeat("x", 1000))), 1000)
		_, _ = io.WriteString(peer, message("the only one"))
		h.next(t)
		_ = peer.SetWriteDeadline(time.Now().Add(time.Second))
		sent := 0
		for sent < 64<<20 {
			n, err := peer.Write(block)
			sent += n
			if err != nil {
				break
			}
		}
		if sent >= 64<<20 {
			t.Fatalf("a paused link took %d bytes", sent)
		}
		if n := h.count(); n != 1 {
			t.Fatalf("%d frames were delivered while paused, want 1", n)
		}
	})
}

func TestPausedLinkDoesNotStopItsLoop(t *testing.T) {
	e, err := engine.New(engine.Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	paused, other := newHandler(), newHandler()
	paused.onFrame = func(l *link.Link) error { l.Pause(); return nil }
	_, peer := start(t, e, paused, link.Options{})
	_, otherPeer := start(t, e, other, link.Options{})
	_, _ = io.WriteString(peer, message("1")+message("2"))
	paused.next(t)
	_, _ = io.WriteString(otherPeer, message("served"))
	if got := other.next(t); got != "served" {
		t.Fatal(got)
	}
}

func TestEngineCloseEndsItsLinks(t *testing.T) {
	e, err := engine.New(engine.Options{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	busy, paused := newHandler(), newHandler()
	paused.onFrame = func(l *link.Link) error { l.Pause(); return nil }
	start(t, e, busy, link.Options{})
	_, peer := start(t, e, paused, link.Options{})
	_, _ = io.WriteString(peer, message("1"))
	paused.next(t)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*handler{busy, paused} {
		select {
		case err := <-h.closed:
			h.closed <- err
		default:
			t.Fatal("Close returned before OnClose was called")
		}
	}
	ours, _ := tcpPair(t)
	late := link.New(ours, newHandler(), link.Options{})
	if err := e.Start(late); err == nil {
		t.Fatal("a closed engine took a link")
	}
	late.Close(nil)
}
