package interop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// lively offers heart-beats as short as every broker agrees to.
func lively(cfg *conn.Config) {
	cfg.HeartBeat = frame.HeartBeat{Send: time.Second, Receive: time.Second}
}

// The tests of heart-beats do not run beside the others: when so many tests and brokers share a few processors, silence of
// a second may be nobody's fault.
func TestHeartBeats(t *testing.T) {
	t.Run("idle", func(t *testing.T) { overEach(t, keepIdle) })
	t.Run("handler", func(t *testing.T) { overEach(t, sleepInHandler) })
}

// Nothing but heart-beats keeps a connection, on both sides, for ten times as long as they are apart.
func keepIdle(t *testing.T, tg target) {
	c := tg.dial(t, lively)
	before := c.Stats()
	const idle = 10
	select {
	case <-c.Done():
		t.Fatalf("the connection has ended: %v", c.Err())
	case <-time.After(idle * time.Second):
	}
	after := c.Stats()
	if n := after.BeatsOut - before.BeatsOut; n < idle {
		t.Errorf("we sent %d heart-beats in %d s", n, idle)
	}
	if n := after.BeatsIn - before.BeatsIn; n < idle/2 {
		t.Errorf("the broker sent %d heart-beats in %d s", n, idle)
	}
	if n := after.FramesIn - before.FramesIn + after.FramesOut - before.FramesOut; n > 0 {
		t.Errorf("%d frames passed: the connection was not idle", n)
	}
	confirm(t, c, topic(), "still there")
	disconnect(t, c)
}

// A handler that takes longer than both sides tolerate silence does not stop our heart-beats, and does not make us take the
// broker for dead.
func sleepInHandler(t *testing.T, tg target) {
	c, q := tg.dial(t, lively), queue()
	slept := make(chan error, 2)
	_, err := c.Subscribe(within(t), q, func(_ context.Context, m *conn.Message) {
		time.Sleep(3 * time.Second)
		slept <- m.Ack()
	}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"one", "two"} {
		if err := c.Send(within(t), q, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		select {
		case err := <-slept:
			if err != nil {
				t.Fatal(err)
			}
		case <-c.Done():
			t.Fatalf("the connection has ended: %v", c.Err())
		}
	}
	disconnect(t, c)
	in := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
	in.expectEnd(t)
}
