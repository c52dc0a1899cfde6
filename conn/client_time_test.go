package conn_test

import (
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
		s.connected(conn.ClientConfig{Backoff: conn.Backoff{Jitter: -1},
			Conn: conn.Config{HeartBeat: every(time.Second, time.Second), ReceiveScale: 2.5}})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		const want = 2500*time.Millisecond + 500*time.Millisecond + 100*time.Millisecond // with the link's second look
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
		s.connected(conn.ClientConfig{Backoff: backoff, OnState: func(c conn.StateChange) {
			if c.To == conn.StateConnected && ups.Add(1) <= 4 {
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
