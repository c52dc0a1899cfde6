package link_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
)

// secondLook is what a timeout takes longer than it says.
const secondLook = 500 * time.Millisecond

// What the peer has sent while this process stood still is read soon after: here it comes when
// the timeout has passed already, as the timer sees it. It does not end the link, and the next
// silence has its whole time (R11).
func TestTimeoutThatPassedDuringAStandstill(t *testing.T) {
	const limit, late = 10 * time.Second, 100 * time.Millisecond
	errLate := errors.New("late")
	for name, c := range map[string]struct {
		begin func(t *testing.T, l *link.Link, peer net.Conn)
		comes func(t *testing.T, l *link.Link, peer net.Conn)
	}{
		"silence": {
			func(_ *testing.T, l *link.Link, _ net.Conn) { l.SetHeartBeat(0, limit) },
			func(_ *testing.T, _ *link.Link, peer net.Conn) { _, _ = io.WriteString(peer, "\n") },
		},
		"unfinished frame": {
			func(_ *testing.T, _ *link.Link, peer net.Conn) { _, _ = io.WriteString(peer, "MESS") },
			func(_ *testing.T, _ *link.Link, peer net.Conn) { _, _ = io.WriteString(peer, "AGE\n\n\x00MESS") },
		},
		"deadline of the session": {
			func(_ *testing.T, l *link.Link, _ net.Conn) { l.SetDeadline(limit, errLate) },
			func(_ *testing.T, l *link.Link, _ net.Conn) { l.SetDeadline(limit, errLate) },
		},
		"peer that does not read": {
			func(t *testing.T, l *link.Link, _ net.Conn) { commit(t, l, "ab") },
			func(_ *testing.T, _ *link.Link, peer net.Conn) { _, _ = peer.Read(make([]byte, 1)) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts := link.Options{FrameTimeout: limit, WriteTimeout: limit}
			inPipe(t, opts, func(t *testing.T, l *link.Link, _ *recorder, peer net.Conn) {
				c.begin(t, l, peer)
				for range 3 {
					time.Sleep(limit + late)
					if err := l.Err(); err != nil {
						t.Fatalf("closed before a second look: %v", err)
					}
					c.comes(t, l, peer)
					if name == "peer that does not read" {
						break // one byte is left
					}
				}
				begin := time.Now()
				synctest.Wait()
				<-l.Done()
				if took := time.Since(begin); took < limit || took > limit+time.Second {
					t.Errorf("closed after %v, want %v and a second look", took, limit)
				}
			})
		})
	}
}

// A peer that drips is not at fault for a moment only: that something came between the looks
// does not save a frame that is overdue (R11).
func TestDrippingPeerIsNotSpared(t *testing.T) {
	inPipe(t, link.Options{FrameTimeout: 10 * time.Second}, func(t *testing.T, l *link.Link, _ *recorder, peer net.Conn) {
		begin := time.Now()
		_, err := io.WriteString(peer, "MESSAGE\n")
		for ; err == nil; time.Sleep(90 * time.Millisecond) { // no multiple of it is 10 s or 10.5 s, when the link looks
			_, err = io.WriteString(peer, "x")
		}
		var timeout *link.TimeoutError
		if !errors.As(l.Err(), &timeout) {
			t.Errorf("closed with %v, want a TimeoutError", l.Err())
		}
		if took := time.Since(begin); took > 11*time.Second {
			t.Errorf("closed after %v, want at most 11s", took)
		}
	})
}

// A silence that begins between the looks at another one is another one (R11).
func TestSecondLookIsAtTheSameSilence(t *testing.T) {
	inPipe(t, link.Options{}, func(t *testing.T, l *link.Link, _ *recorder, peer net.Conn) {
		const limit = 100 * time.Millisecond
		l.SetHeartBeat(0, limit)
		time.Sleep(limit + 10*time.Millisecond)
		_, _ = io.WriteString(peer, "\n")
		last := time.Now()
		<-l.Done()
		if took := time.Since(last); took < limit+secondLook || took > limit+time.Second {
			t.Errorf("closed %v after the last byte, want between %v and %v", took, limit+secondLook, limit+time.Second)
		}
	})
}

// After Shutdown nothing is expected but the end of the peer: Linger is not made longer.
func TestLingerHasNoSecondLook(t *testing.T) {
	opts := link.Options{WriteTimeout: time.Second, Linger: 100 * time.Millisecond}
	inPipe(t, opts, func(t *testing.T, l *link.Link, _ *recorder, _ net.Conn) {
		begin := time.Now()
		commit(t, l, "x") // which the peer does not read
		l.Shutdown(nil)
		<-l.Done()
		if took := time.Since(begin); took != opts.WriteTimeout+opts.Linger {
			t.Errorf("closed after %v, want %v", took, opts.WriteTimeout+opts.Linger)
		}
	})
}
