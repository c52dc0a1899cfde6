package conn_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
)

// A producer is restored although what another sends again has filled the outbox to its hard limit.
func TestClientProducerIsRestoredBehindABigOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, server: "stompwire", answer: never}
		cl := s.connected(conn.ClientConfig{OneConnection: true, Conn: conn.Config{Link: link.Options{HighWater: 1000, HardLimit: 1000}}})
		big, seenBig := newProducer(t, cl, conn.ClientProducerConfig{Window: 10, ReceiptEvery: 5, Redeliver: true})
		small, seenSmall := newProducer(t, cl, conn.ClientProducerConfig{Window: 10, ReceiptEvery: 5, Redeliver: true})
		sendAll(t, big, strings.Repeat("x", 100_000))
		synctest.Wait()
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := small.Send(ctx, []byte("small")); err != nil {
			t.Error(err)
		}
		for _, p := range []*conn.ClientProducer{big, small} {
			if err := p.Flush(ctx); err != nil {
				t.Error(err)
			}
		}
		if seenBig.String() != "1 confirmed" || seenSmall.String() != "1 confirmed" {
			t.Errorf("outcomes %s; %s", seenBig, seenSmall)
		}
	})
}

// The mark of a duplicate makes it too large to go out again, so no receipt of the next connection confirms it, not even
// one that holds for all frames before.
func TestClientProducerTooLargeToBeMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, server: "stompwire", answer: never}
		cl := s.connected(conn.ClientConfig{Conn: conn.Config{MaxFrameSize: 1000}})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{Window: 10, ReceiptEvery: 5, Redeliver: true, InOrder: true})
		most := 1000
		for ; most > 0; most-- {
			if _, err := p.Send(t.Context(), make([]byte, most)); err == nil {
				break
			}
		}
		sendAll(t, p, "small")
		synctest.Wait()
		before := len(s.frames("SEND"))
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		time.Sleep(time.Second)
		if got := seen.String(); got != "1 unknown, 2 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		if again := s.frames("SEND")[before:]; before != 2 || len(again) != 1 || body(again[0]) != "small" {
			t.Errorf("%d frames, then %q", before, again)
		}
	})
}

// Who makes a producer for each piece of work and closes it does not fill the connection with them.
func TestClosedProducerIsForgotten(t *testing.T) {
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cl, err := conn.NewClient(conn.ClientConfig{
		Dial: func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
			return conn.Dial(ctx, srv.Addr().String(), cfg)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cl.Close()
		<-cl.Done()
	}()
	if err := cl.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	lasting, _ := newProducer(t, cl, conn.ClientProducerConfig{})
	var closed []weak.Pointer[conn.ClientProducer]
	for range 10 {
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{ReceiptEvery: 5})
		sendAll(t, p, "1", "2")
		if err := p.Close(t.Context()); err != nil || seen.String() != "1 confirmed, 2 confirmed" {
			t.Fatalf("%v, %s", err, seen)
		}
		closed = append(closed, weak.Make(p))
	}
	later, seen := newProducer(t, cl, conn.ClientProducerConfig{})
	for _, p := range []*conn.ClientProducer{lasting, later} {
		sendAll(t, p, "still")
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if seen.String() != "1 confirmed" {
		t.Errorf("outcomes %s", seen)
	}
	waitUntil(t, func() bool {
		runtime.GC()
		for _, p := range closed {
			if p.Value() != nil {
				return false
			}
		}
		return true
	})
}
