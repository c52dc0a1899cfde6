package link_test

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/pool"
)

// drainer tries to send when it is told that there is room.
type drainer struct {
	recorder
	l        *link.Link
	sent     atomic.Int32
	refusals atomic.Int32
}

func (d *drainer) OnDrain() {
	buf, err := d.l.TryReserve(1)
	if err != nil {
		d.refusals.Add(1)
		return
	}
	d.l.Commit(append(buf, '!'))
	d.sent.Add(1)
}

// OnDrain is called when there is room, and not before: what was in the outbox at the
// refusal has been written, and not only what was in front of it.
func TestDrainComesWhenThereIsRoom(t *testing.T) {
	for _, high := range []int{1, 2, 1000} {
		synctest.Test(t, func(t *testing.T) {
			ours, peer := net.Pipe()
			d := &drainer{recorder: recorder{closed: make(chan error, 1)}}
			l := link.New(ours, d, link.Options{HighWater: high, WriteTimeout: time.Hour})
			d.l = l
			block := bytes.Repeat([]byte("x"), 1000)
			for range 2 { // one for the flusher to hang on, one to crowd the outbox
				buf, err := l.TryReserve(len(block))
				if err != nil {
					t.Fatal(err)
				}
				l.Commit(append(buf, block...))
				synctest.Wait()
			}
			if _, err := l.TryReserve(1); err != link.ErrWouldBlock {
				t.Fatalf("high water %d: error %v, want ErrWouldBlock", high, err)
			}
			got := make([]byte, 2*len(block)+1)
			if _, err := io.ReadFull(peer, got); err != nil || got[2*len(block)] != '!' {
				t.Errorf("read %q, %v", got[2*len(block):], err)
			}
			synctest.Wait()
			if d.sent.Load() != 1 || d.refusals.Load() != 0 {
				t.Errorf("high water %d: sent %d times, refused %d times", high, d.sent.Load(), d.refusals.Load())
			}
			l.Close(nil)
			_ = peer.Close()
		})
	}
}

// What was reserved and not used is given back, however much it was.
func TestCommitOfNothingKeepsNoMemory(t *testing.T) {
	ours, peer := net.Pipe()
	defer peer.Close()
	l := link.New(ours, &recorder{}, link.Options{})
	defer l.Close(nil)
	before := pool.InUse()
	for range 3 {
		buf, err := l.ReserveNow(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		l.Commit(buf)
		if n := pool.InUse() - before; n != 0 {
			t.Errorf("an idle link holds %d buffers", n)
		}
	}
}

// brokenPipe cannot be written to, and its peer says nothing.
type brokenPipe struct{ net.Conn }

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// A link whose write has failed waits Linger for the peer's last words, whatever the session sets meanwhile.
func TestBrokenLinkLingersOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		defer peer.Close()
		l := link.New(brokenPipe{ours}, &recorder{}, link.Options{Linger: 3 * time.Second})
		l.SetDeadline(time.Hour, nil)
		begin := time.Now()
		buf, err := l.ReserveNow(1)
		if err != nil {
			t.Fatal(err)
		}
		l.Commit(append(buf, 'x'))
		synctest.Wait()
		l.SetDeadline(0, nil)
		l.SetHeartBeat(time.Second, time.Second)
		select {
		case <-l.Done():
		case <-time.After(time.Hour):
			t.Fatal("it lingers for ever")
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("closed after %v, want 3s", took)
		}
		l.Close(nil)
	})
}

// What was committed is written, or counted as unwritten, before and after the link is closed.
func TestUnwrittenIsWhatTheConnectionHasNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		defer peer.Close()
		l := link.New(ours, &recorder{}, link.Options{HighWater: 1 << 20, WriteTimeout: time.Hour})
		const size, batches, read = 100_000, 3, 130_000
		for range batches { // one is being written, the others wait
			buf, err := l.TryReserve(size)
			if err != nil {
				t.Fatal(err)
			}
			l.Commit(append(buf, make([]byte, size)...))
			synctest.Wait()
		}
		if n := l.Unwritten(); n != batches*size {
			t.Errorf("%d before the peer reads", n)
		}
		if _, err := io.ReadFull(peer, make([]byte, read)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		const piece = 64 << 10 // counts as not taken until its write has returned
		if n := l.Unwritten(); n < batches*size-read || n > batches*size-read+piece {
			t.Errorf("%d unwritten after %d of %d were read", n, read, batches*size)
		}
		l.Close(nil)
		synctest.Wait()
		if n, out := l.Unwritten(), int(l.Stats().BytesOut); n+out != batches*size || n != batches*size-read {
			t.Errorf("%d unwritten and %d written of %d", n, out, batches*size)
		}
	})
}
