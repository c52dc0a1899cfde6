package broker

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/engine/link"
)

// racing is how long each of these tests looks for a lost wake-up.
const racing = 500 * time.Millisecond

// heldSession is a session whose peer does not read, with a tiny outbox.
func heldSession(t *testing.T) *session {
	ours, peer := net.Pipe()
	b, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{b: b}
	s.l = link.New(ours, s, link.Options{HighWater: 64, HardLimit: 1 << 30, WriteTimeout: time.Hour})
	t.Cleanup(func() {
		s.l.Close(nil)
		_ = peer.Close()
		_ = b.Close()
	})
	return s
}

func (s *session) expectResumed(t *testing.T) {
	t.Helper()
	resumed := make(chan bool, 1)
	go func() { resumed <- s.l.WaitResumed() }()
	select {
	case <-resumed:
	case <-time.After(time.Minute):
		t.Fatalf("nobody keeps the session from being read, and it is not read (%+v)", s.brakes)
	}
}

// A drain may come at any moment while a session chokes itself.
func TestChokedSessionIsReadAgain(t *testing.T) {
	s := heldSession(t)
	var spin atomic.Int64
	for range 2 { // one batch for the flusher to hang on, one to crowd the outbox
		buf, err := s.l.ReserveNow(4096)
		if err != nil {
			t.Fatal(err)
		}
		s.l.Commit(append(buf, make([]byte, 4096)...))
		for s.l.Stats().Queued > 0 && s.l.Stats().FramesOut == 1 { // until the flusher has the first
			time.Sleep(time.Millisecond)
		}
	}
	for begin := time.Now(); time.Since(begin) < racing; {
		var drain sync.WaitGroup
		drain.Go(func() {
			for range rand.IntN(100) {
				spin.Add(1)
			}
			s.setChoked(false)
		})
		if buf, err := s.choke(1); err == nil {
			s.l.Commit(buf)
		}
		drain.Wait()
		s.setChoked(false) // the drain that answers the refusal
		s.expectResumed(t)
	}
}

// A destination may let a session go while another looks whether to hold it.
func TestHeldSessionIsReadAgain(t *testing.T) {
	s := heldSession(t)
	full := func(name string) *destination {
		d, err := s.b.registry.get(s.b, []byte(name), new(maker))
		if err != nil {
			t.Fatal(err)
		}
		d.bytes = 1 << 30
		return d
	}
	first, second := full("/queue/1"), full("/queue/2")
	locked := func(d *destination, f func()) {
		d.mu.Lock()
		defer d.mu.Unlock()
		f()
	}
	var spin atomic.Int64
	for begin := time.Now(); time.Since(begin) < racing; {
		locked(first, func() { first.flow.check(first, s) })
		var release sync.WaitGroup
		release.Go(func() { locked(first, func() { first.flow.release(first) }) })
		for range rand.IntN(60) {
			spin.Add(1)
		}
		locked(second, func() { second.flow.check(second, s) })
		release.Wait()
		locked(second, func() { second.flow.release(second) })
		s.expectResumed(t)
	}
}
