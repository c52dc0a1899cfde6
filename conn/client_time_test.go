package conn_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// dialledAfter returns when each dial came, since the first.
func (s *fakeServer) dialledAfter() (after []time.Duration) {
	dials := s.dialled()
	for _, at := range dials {
		after = append(after, at.Sub(dials[0]))
	}
	return after
}

// Of a broker that falls silent the client takes leave when ReceiveScale intervals have passed, and dials after the first
// pause: each time, for a connection that lasted sets the pauses back.
func TestClientLeavesASilentBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, connect: "CONNECTED\nversion:1.2\nheart-beat:1000,1000\n\n^@"}
		s.connected(conn.Config{Backoff: conn.Backoff{Jitter: -1}, HeartBeat: every(time.Second, time.Second), ReceiveScale: 2.5})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		const want = 2500*time.Millisecond + secondLook + 100*time.Millisecond
		if got := s.dialledAfter(); !slices.Equal(got, []time.Duration{0, want, 2 * want, 3 * want}) {
			t.Errorf("dialled after %v; want once every %v", got, want)
		}
	})
}

// Connections that end at once count as failures do: the pauses grow by the formula. One that lasts sets them back.
func TestClientPausesGrowUntilAConnectionLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		var ups atomic.Int64
		backoff := conn.Backoff{Initial: 100 * time.Millisecond, Increase: 1, Jitter: -1}
		s.connected(conn.Config{Backoff: backoff, Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventConnected && ups.Add(1) <= 4 {
				go s.cut()
			}
		}})
		time.Sleep(time.Minute)
		s.cut()
		time.Sleep(time.Minute)
		synctest.Wait()
		const ms = time.Millisecond
		want := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, time.Minute + 100*ms}
		if got := s.dialledAfter(); !slices.Equal(got, want) {
			t.Errorf("dialled after %v; want %v", got, want)
		}
	})
}

// What is due at once does not look like a process that was stopped, which would have everything due wait for a moment.
func TestReconnectAfterSendsTakesItsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{Backoff: conn.Backoff{Jitter: -1}})
		p, err := cl.NewProducer(conn.ProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.cut()
		time.Sleep(time.Second)
		want := []time.Duration{0, time.Minute + 100*time.Millisecond}
		if got := s.dialledAfter(); !slices.Equal(got, want) {
			t.Errorf("dialled after %v; want %v", got, want)
		}
	})
}
