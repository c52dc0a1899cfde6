package interop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// beat is much longer than need be, for a machine that stands still for ten seconds now and then. The brokers bear silence for
// up to three times as long, RabbitMQ and ours for twice.
const (
	beat  = 8 * time.Second
	grace = 3
)

func lively(cfg *conn.Config) {
	cfg.HeartBeat = frame.HeartBeat{Send: beat, Receive: beat}
}

// The tests of heart-beats do not run in parallel with the others. When many tests and brokers
// share a few processors, a process may be silent for a second without an error.
func TestHeartBeats(t *testing.T) {
	t.Run("idle", func(t *testing.T) { overEach(t, keepIdle) })
	t.Run("handler", func(t *testing.T) { overEach(t, sleepInHandler) })
}

// Nothing but heart-beats keeps a connection, on both sides, for as long as either tolerates silence, several times over.
func keepIdle(t *testing.T, tg target) {
	c := tg.dial(t, lively)
	before, begin := c.Stats(), time.Now()
	for before.FramesIn == 0 { // CONNECTED is counted when it has been handled, and Dial returns meanwhile
		time.Sleep(time.Millisecond)
		before = c.Stats()
	}
	const least = 3 // heart-beats in each direction
	after := before
	for time.Since(begin) < 2*grace*beat || after.BeatsOut-before.BeatsOut < least || after.BeatsIn-before.BeatsIn < least {
		if time.Since(begin) > patience {
			t.Fatalf("we sent %d heart-beats, the broker %d", after.BeatsOut-before.BeatsOut, after.BeatsIn-before.BeatsIn)
		}
		select {
		case <-c.Done():
			t.Fatalf("the connection has ended: %v", c.Err())
		case <-time.After(beat / 10):
		}
		after = c.Stats()
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
	slept, first := make(chan error, 2), true
	_, err := c.Subscribe(within(t), q, func(_ context.Context, m *conn.Message) {
		if first {
			first = false
			time.Sleep((grace + 1) * beat)
		}
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
		case <-within(t).Done():
			t.Fatal("no message comes")
		}
	}
	disconnect(t, c)
	in := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
	in.expectEnd(t)
}
