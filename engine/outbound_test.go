package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine/link"
)

func send(l *link.Link, text string) error {
	buf, err := l.Reserve(context.Background(), len(text))
	if err != nil {
		return err
	}
	l.Commit(append(buf, text...))
	return nil
}

func TestConcurrentSendersDoNotInterleave(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		l, peer := start(t, d, newHandler(), link.Options{HighWater: 4 << 10})
		const senders, each = 8, 2000
		var wg sync.WaitGroup
		for s := range senders {
			wg.Go(func() {
				for i := range each {
					if err := send(l, fmt.Sprintf("%d %d %s\n", s, i, strings.Repeat("z", i%200))); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		next := [senders]int{}
		lines := bufio.NewScanner(peer)
		for range senders * each {
			if !lines.Scan() {
				t.Fatal("stream ended")
			}
			var s, i int
			if _, err := fmt.Sscanf(lines.Text(), "%d %d", &s, &i); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			if i != next[s] {
				t.Fatalf("sender %d: %d came, want %d", s, i, next[s])
			}
			next[s]++
		}
		wg.Wait()
		if st := l.Stats(); st.FramesOut != senders*each || st.Writes == 0 || st.Writes > senders*each {
			t.Fatalf("stats %+v", st)
		}
	})
}

// fill sends until the peer's buffers and the outbox are full and stay so: on a busy
// machine a flusher that is late looks the same for a moment, and a peer without room is
// asked again after 200 ms.
func fill(t *testing.T, l *link.Link) {
	t.Helper()
	block := strings.Repeat("x", 32<<10)
	full, sent := 0, 0
	for ; full < 30 && sent < 1<<30; time.Sleep(10 * time.Millisecond) {
		before := sent
		for {
			buf, err := l.TryReserve(len(block))
			if err == link.ErrWouldBlock {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			l.Commit(append(buf, block...))
			sent += len(block)
		}
		if full++; sent > before {
			full = 0
		}
	}
	if sent >= 1<<30 {
		t.Fatal("an outbox toward a peer that does not read never filled")
	}
}

func TestFullOutbox(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		l, peer := start(t, d, h, link.Options{HighWater: 64 << 10, HardLimit: 256 << 10})
		fill(t, l)

		var err error
		for taken := 0; err == nil && taken < 1000; taken++ { // some go through if the flusher was only late
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
			defer cancel()
			var buf []byte
			if buf, err = l.Reserve(ctx, 32<<10); err == nil {
				l.Commit(append(buf, make([]byte, 32<<10)...))
			}
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Reserve on a full outbox: %v, want the context's error", err)
		}
		err = nil
		for range 100 {
			var buf []byte
			if buf, err = l.ReserveNow(32 << 10); err != nil {
				break
			}
			l.Commit(append(buf, make([]byte, 32<<10)...))
		}
		if !errors.Is(err, link.ErrOutboxFull) {
			t.Fatalf("ReserveNow at the hard limit: %v", err)
		}
		if q := l.Stats().Queued; q > (256+32)<<10 {
			t.Fatalf("%d bytes are queued, the hard limit is 256 KiB", q)
		}

		waited := make(chan error, 4)
		for range cap(waited) {
			go func() { waited <- send(l, "y") }()
		}
		go io.Copy(io.Discard, peer)
		for range cap(waited) {
			if err := <-waited; err != nil {
				t.Fatalf("a waiting sender got %v when the peer read on", err)
			}
		}
		select {
		case <-h.drained:
		case <-time.After(patience):
			t.Fatal("OnDrain was not called after ErrWouldBlock")
		}
	})
}

func TestCloseWakesWaitingSenders(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		l, _ := start(t, d, newHandler(), link.Options{HighWater: 16 << 10})
		fill(t, l)
		waited := make(chan error, 3)
		for range cap(waited) {
			go func() {
				var err error
				for err == nil { // some go through if the flusher was only late
					err = send(l, "y")
				}
				waited <- err
			}()
		}
		time.Sleep(10 * time.Millisecond)
		mine := errors.New("mine")
		l.Close(mine)
		for range cap(waited) {
			if err := <-waited; !errors.Is(err, net.ErrClosed) || !errors.Is(err, mine) {
				t.Fatalf("a waiting sender got %v, want net.ErrClosed and the cause", err)
			}
		}
	})
}

func TestPeerThatNeverReadsTimesOut(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		l, _ := start(t, d, h, link.Options{HighWater: 16 << 10, WriteTimeout: 100 * time.Millisecond})
		fillUntilClosed(l)
		var timeout net.Error
		if err := h.closing(t); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatalf("OnClose(%v), want a timeout", err)
		}
	})
}

func fillUntilClosed(l *link.Link) {
	block := strings.Repeat("x", 16<<10)
	for send(l, block) == nil {
	}
}

func TestShutdownDeliversWhatWaits(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		l, peer := start(t, d, h, link.Options{HighWater: 1 << 20, Linger: patience})
		block := strings.Repeat("x", 600<<10)
		if err := send(l, block+"last words"); err != nil {
			t.Fatal(err)
		}
		why := errors.New("going away")
		l.Shutdown(why)
		if err := send(l, "too late"); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("send after Shutdown: %v", err)
		}
		_, _ = io.WriteString(peer, message("dropped"))
		got, err := io.ReadAll(peer)
		if err != nil {
			t.Fatalf("the peer read %d bytes, then %v", len(got), err)
		}
		if len(got) != len(block)+10 || !strings.HasSuffix(string(got), "last words") {
			t.Fatalf("the peer got %d bytes", len(got))
		}
		_ = peer.Close()
		if err := h.closing(t); !errors.Is(err, why) {
			t.Fatalf("OnClose(%v), want the reason of the Shutdown", err)
		}
		if h.count() != 0 {
			t.Fatal("a frame was delivered after Shutdown")
		}
	})
}

func TestShutdownLingersOnlySoLong(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		l, _ := start(t, d, h, link.Options{Linger: 50 * time.Millisecond})
		l.Shutdown(nil)
		h.closing(t) // though the peer never closes
	})
}

// A peer that closes its side after its last request is answered, however slowly it reads.
func TestHalfClosedPeerIsAnswered(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		answer := strings.Repeat("x", 16<<20) + "last words" // more than two kernels hold
		h.onFrame = func(l *link.Link) error { return send(l, answer) }
		l, peer := start(t, d, h, link.Options{AnswerHalfClosed: true})
		_, _ = io.WriteString(peer, message("request"))
		_ = peer.CloseWrite()
		got, err := io.ReadAll(peer)
		if err != nil || string(got) != answer {
			t.Fatalf("the peer got %d of %d bytes, then %v", len(got), len(answer), err)
		}
		if err := h.closing(t); !errors.Is(err, io.EOF) {
			t.Fatalf("OnClose(%v), want io.EOF for a cause", err)
		}
		if err := send(l, "too late"); !errors.Is(err, io.EOF) {
			t.Fatalf("send: %v", err)
		}
	})
}

// One that does not read its answers is waited for as long as any other.
func TestHalfClosedPeerThatNeverReads(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		h.onFrame = func(l *link.Link) error { return send(l, strings.Repeat("x", 16<<20)) }
		_, peer := start(t, d, h, link.Options{AnswerHalfClosed: true, WriteTimeout: 50 * time.Millisecond})
		_, _ = io.WriteString(peer, message("request"))
		_ = peer.CloseWrite()
		h.closing(t)
	})
}

// A peer that goes on sending gets the last words whole all the same.
func TestLastWordsReachAPeerThatGoesOn(t *testing.T) {
	eachDriver(t, func(t *testing.T, d driver) {
		h := newHandler()
		answer := strings.Repeat("x", 16<<20) + "last words" // more than two kernels hold
		h.onFrame = func(l *link.Link) error {
			err := send(l, answer)
			l.Shutdown(nil)
			return err
		}
		l, peer := start(t, d, h, link.Options{Linger: patience, WriteTimeout: patience})
		_, _ = io.WriteString(peer, message("request"))
		const patient = 1 << 20 // of bytes that it does not want
		flooded := make(chan error, 1)
		go func() {
			_, err := io.WriteString(peer, strings.Repeat("\n", patient*5/4))
			flooded <- err
		}()
		for deadline := time.Now().Add(patience); l.Stats().BytesIn <= patient+100; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("it has read %d bytes", l.Stats().BytesIn)
			}
		}
		got, err := io.ReadAll(peer)
		if err != nil || string(got) != answer {
			t.Fatalf("the peer got %d of %d bytes, then %v", len(got), len(answer), err)
		}
		if err := <-flooded; err != nil {
			t.Error(err)
		}
		_ = peer.Close()
		h.closing(t)
	})
}

// A peer that goes on for too long after the last words is told: a write of its own fails. It must
// not be left with a full window that the peer never opens again.
func TestFloodAfterLastWordsIsReset(t *testing.T) {
	flood := strings.Repeat("\n", 4<<20)
	eachDriver(t, func(t *testing.T, d driver) {
		for range 6 { // about one in seven of a close in good order left the window full
			h := newHandler()
			h.onFrame = func(l *link.Link) error {
				err := send(l, "last words")
				l.Shutdown(nil)
				return err
			}
			_, peer := start(t, d, h, link.Options{Linger: patience, WriteTimeout: patience})
			_ = peer.SetWriteDeadline(time.Now().Add(patience))
			_, err := io.WriteString(peer, message("request"))
			for err == nil { // for as long as the flusher is late
				_, err = io.WriteString(peer, flood)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			_ = peer.Close()
			h.closing(t)
		}
	})
}
