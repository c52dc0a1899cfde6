package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

func TestAcker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{OneConnection: true})
		failed := make(chan error, 1)
		acker := conn.NewAcker(conn.AckerConfig{Every: 10, Interval: time.Second, OnError: func(err error) { failed <- err }})
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
			if err := acker.Ack(m); err != nil {
				t.Error(err)
			}
		}, conn.SubscribeOptions{Ack: frame.AckClient})
		if err != nil {
			t.Fatal(err)
		}
		acked := func() (ids []string) {
			synctest.Wait()
			for _, text := range s.frames("ACK") {
				ids = append(ids, header(text, "id"))
			}
			return ids
		}
		say := func(from, to int) {
			for i := from; i <= to; i++ {
				s.latest().say(message("1", fmt.Sprint(i), "x"))
			}
		}
		say(1, 25)
		if got := acked(); !slices.Equal(got, []string{"10", "20"}) {
			t.Errorf("acknowledged %q", got)
		}
		time.Sleep(time.Second)
		if got := acked(); !slices.Equal(got, []string{"10", "20", "25"}) {
			t.Errorf("acknowledged %q on the interval", got)
		}
		say(26, 27)
		if got := acked(); len(got) != 3 {
			t.Errorf("acknowledged %q too early", got)
		}
		if err := acker.Flush(); err != nil {
			t.Error(err)
		}
		if got := acked(); !slices.Equal(got, []string{"10", "20", "25", "27"}) {
			t.Errorf("acknowledged %q after Flush", got)
		}
		// What is pending when the connection is lost is told, and does not count on the next one.
		say(28, 30)
		synctest.Wait()
		s.cut()
		if err := <-failed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
		time.Sleep(time.Second)
		say(31, 40)
		if got := acked(); !slices.Equal(got[4:], []string{"40"}) {
			t.Errorf("acknowledged %q after the loss", got)
		}
	})
}

func TestAckerWantsModeClient(t *testing.T) {
	acker := conn.NewAcker(conn.AckerConfig{})
	s, b := session(t, overPipe, frame.Version12, conn.Config{})
	result := make(chan error, 1)
	b.subscribe(s, frame.AckClientIndividual, func(_ context.Context, m *conn.Message) { result <- acker.Ack(m) })
	b.write(message("1", "m1", "x"))
	if err := b.await(result); !errors.Is(err, conn.ErrAckMode) {
		t.Errorf("error %v", err)
	}
}

// A batch that finds the outbox full stays pending, and goes out on the interval.
func TestAckerWithAFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{HighWater: 100, HardLimit: 1000}})
		var failed atomic.Int32
		acker := conn.NewAcker(conn.AckerConfig{Every: 2, Interval: time.Second, OnError: func(err error) {
			if failed.Add(1); !errors.Is(err, link.ErrOutboxFull) {
				t.Errorf("error %v", err)
			}
		}})
		acked := make(chan error, 10)
		b.subscribe(c, frame.AckClient, func(_ context.Context, m *conn.Message) {
			for m.Ack() == nil { // until nothing more fits
			}
			acked <- acker.Ack(m)
		})
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the flusher has that, and waits for the broker
		b.write(message("1", "1", "x"))
		b.write(message("1", "2", "x"))
		if err := <-acked; err != nil {
			t.Errorf("the first of a batch: %v", err)
		}
		if err := <-acked; !errors.Is(err, link.ErrOutboxFull) {
			t.Errorf("the last of a batch: %v", err)
		}
		time.Sleep(5*time.Second + time.Millisecond)
		if err := acker.Flush(); !errors.Is(err, link.ErrOutboxFull) || failed.Load() != 5 {
			t.Errorf("Flush: %v; %d errors", err, failed.Load())
		}
		var last string
		go func() { // the ACKs of the handler, and then the Acker's
			for {
				text, err := b.next()
				if err != nil {
					return
				}
				last = text
			}
		}()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := "ACK\nid:2\n\n^@"; last != want || failed.Load() != 5 {
			t.Errorf("the broker got %q last; %d errors", last, failed.Load())
		}
		if err := acker.Flush(); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	})
}

// One Acker for two subscriptions is of little use, and yet forgets nothing.
func TestAckerOfTwoSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{OneConnection: true})
		acker := conn.NewAcker(conn.AckerConfig{Every: 3, Interval: time.Second})
		for _, destination := range []string{"/queue/a", "/queue/b"} {
			_, err := cl.Subscribe(t.Context(), destination, func(_ context.Context, m *conn.Message) {
				if err := acker.Ack(m); err != nil {
					t.Error(err)
				}
			}, conn.SubscribeOptions{Ack: frame.AckClient})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range strings.Split("1 1 2 1 2 2 2 1", " ") {
			s.latest().say(message(id, fmt.Sprint(i), "x"))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		var acked []string
		for _, text := range s.frames("ACK") {
			acked = append(acked, header(text, "id"))
		}
		if want := []string{"1", "2", "3", "6", "7"}; !slices.Equal(acked, want) {
			t.Errorf("acknowledged %q, want %q", acked, want)
		}
	})
}
