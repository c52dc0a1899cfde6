package link_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/pool"
)

// reading takes everything that the peer gets.
func reading(peer net.Conn) <-chan string {
	all := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(peer)
		all <- string(text)
	}()
	return all
}

// Nothing else is sent between the parts of a frame: Reserve waits, TryReserve refuses, bytes of
// ReserveNow are sent after the frame, and no heart-beats are sent.
func TestPartsStayTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		d := &drainer{recorder: recorder{closed: make(chan error, 1)}}
		l := link.New(ours, d, link.Options{})
		d.l = l
		if err := (pump.Driver{}).Start(l); err != nil {
			t.Fatal(err)
		}
		all := reading(peer)
		l.SetHeartBeat(time.Second, 0)

		buf, err := l.Reserve(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		l.CommitPart(append(buf, "[one "...))
		time.Sleep(10 * time.Second)
		if _, err := l.TryReserve(1); err != link.ErrWouldBlock {
			t.Errorf("TryReserve: %v", err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Reserve(short, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Reserve: %v", err)
		}
		for range 2 {
			buf, err := l.ReserveNow(10)
			if err != nil {
				t.Fatal(err)
			}
			l.Commit(append(buf, "(now)"...))
		}
		if n := l.Stats().Queued; n != 10 {
			t.Errorf("%d bytes are queued", n)
		}
		waited := make(chan error, 1)
		go func() {
			buf, err := l.Reserve(context.Background(), 10)
			if err == nil {
				l.Commit(append(buf, "(waited)"...))
			}
			waited <- err
		}()
		synctest.Wait()
		if buf, err = l.ReservePart(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		l.CommitPart(append(buf, "two]"...))
		l.EndParts()
		if err := <-waited; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if d.sent.Load() != 1 {
			t.Error("the refused sender is not told that there is room")
		}
		l.Close(nil)
		<-d.closed
		got := <-all
		rest, found := strings.CutPrefix(got, "[one two](now)(now)")
		if !found || strings.Replace(strings.Replace(rest, "(waited)", "", 1), "!", "", 1) != "" {
			t.Errorf("%q", got)
		}
	})
}

// What waits behind a frame has a bound, and its memory goes back, however the link ends.
func TestPartsThatNeverEnd(t *testing.T) {
	for _, end := range []func(l *link.Link){
		func(l *link.Link) { l.Close(nil) },
		func(l *link.Link) { l.Shutdown(nil) },
	} {
		inPipe(t, link.Options{HighWater: 100, HardLimit: 1000}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
			before := pool.InUse()
			buf, err := l.Reserve(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			l.CommitPart(append(buf, make([]byte, 200)...)) // the peer does not read it
			synctest.Wait()
			for range 10 {
				if buf, err = l.ReservePart(t.Context(), 10); err != nil {
					t.Fatal(err)
				}
				l.CommitPart(append(buf, make([]byte, 20)...))
				if l.Stats().Queued >= 100 {
					break
				}
			}
			short, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := l.ReservePart(short, 10); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a part for a full outbox: %v", err)
			}
			for err = nil; err == nil; {
				if buf, err = l.ReserveNow(100); err == nil {
					l.Commit(append(buf, make([]byte, 100)...))
				}
			}
			if err != link.ErrOutboxFull {
				t.Error(err)
			}
			if n := l.Stats().Queued; n > 1100 {
				t.Errorf("%d bytes are queued", n)
			}
			waiting := make(chan error, 1)
			go func() {
				_, err := l.ReservePart(context.Background(), 10)
				waiting <- err
			}()
			synctest.Wait()
			end(l)
			if err := <-waiting; !errors.Is(err, net.ErrClosed) {
				t.Errorf("the waiting sender got %v", err)
			}
			l.Close(nil)
			_ = peer.Close()
			synctest.Wait()
			if n := pool.InUse() - before; n > 0 {
				t.Errorf("%d buffers are not given back", n)
			}
		})
	}
}
