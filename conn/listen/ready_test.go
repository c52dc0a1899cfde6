package listen_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/listen"
	"github.com/stompwire/stompwire/frame"
)

func TestStatsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.connected = "CONNECTED\nversion:1.2\nheart-beat:10000,0\n\n^@"
		stats := new(listen.StatsListener)
		var listeners listen.Set
		enter(t, &listeners, "stats", stats)
		c := s.dialled(conn.Config{OneConnection: true}, &listeners)
		subscribe(t, c, ignore, frame.AckAuto)
		_ = c.Send(t.Context(), "/queue/a", nil)
		_ = c.SendReceipt(t.Context(), "/queue/a", nil)
		s.say(message("m1", "x") + message("m2", "x") + "ERROR\nmessage:x\n\n^@\n\n")
		synctest.Wait()
		s.cut()
		time.Sleep(time.Second)
		want := "connections=2 disconnects=1 messages=2 messages-sent=2 receipts=3 errors=1 heart-beats=1 heart-beat-timeouts=0"
		if got := stats.String(); got != want {
			t.Errorf("counted\n%s, want\n%s", got, want)
		}
		s.set(func(s *server) { s.refuse = true })
		time.Sleep(time.Minute)
		if n := stats.HeartBeatTimeouts.Load(); n != 1 {
			t.Errorf("%d heart-beat timeouts", n)
		}
	})
}

func TestWaitingListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		w := listen.NewWaitingListener("mine")
		var listeners listen.Set
		enter(t, &listeners, "wait", w)
		c := s.dialled(conn.Config{}, &listeners)
		_ = c.SendReceipt(t.Context(), "/queue/a", nil) // another's
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.WaitReceipt(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		_ = c.Send(t.Context(), "/queue/a", nil, frame.Field{Name: "receipt", Value: "mine"})
		if err := w.WaitReceipt(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := w.WaitDisconnected(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		_ = c.Disconnect(t.Context())
		if cause, err := w.WaitDisconnected(t.Context()); err != nil || !errors.Is(cause, net.ErrClosed) {
			t.Errorf("cause %v, error %v", cause, err)
		}
	})
}
