package link_test

import (
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/engine/link"
)

// Reads are that far apart while data keeps coming, but for the first after a silence.
func TestCoalesceReads(t *testing.T) {
	const apart = 5 * time.Millisecond
	inPipe(t, link.Options{CoalesceReads: apart}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		begin := time.Now()
		var at []time.Duration
		r.onFrame = func() { at = append(at, time.Since(begin)) }
		write := func() {
			if _, err := peer.Write([]byte("MESSAGE\n\n\x00")); err != nil {
				t.Error(err)
			}
		}
		for range 3 {
			write() // taken by one read each: a pipe has no buffer
		}
		time.Sleep(time.Second)
		write()
		synctest.Wait()
		if want := []time.Duration{0, 0, apart, time.Second + apart}; !slices.Equal(at, want) {
			t.Errorf("frames were handled at %v, want %v", at, want)
		}
	})
}

// What ends a link does not wait for the next read.
func TestCoalesceReadsClose(t *testing.T) {
	inPipe(t, link.Options{CoalesceReads: time.Hour}, func(t *testing.T, l *link.Link, r *recorder, peer net.Conn) {
		if _, err := peer.Write([]byte("MESSAGE\n\n\x00")); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		l.Close(nil)
		r.closed <- <-r.closed
		if took := time.Since(begin); took > link.MaxCoalesce {
			t.Errorf("OnClose came after %v", took)
		}
	})
}
