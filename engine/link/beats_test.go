package link_test

import (
	"testing"

	"github.com/stompwire/stompwire/engine/link"
)

// beatListener counts reads with heart-beats.
type beatListener struct {
	recorder
	reads int
}

func (b *beatListener) OnHeartBeat() { b.reads++ }

// The EOL that RabbitMQ, ActiveMQ and Artemis put behind each NUL is no heart-beat, in which
// read it may come (R10).
func TestEndOfFrameIsNoHeartBeat(t *testing.T) {
	var h beatListener
	l := link.New(nil, &h, link.Options{})
	feed := func(wire string) {
		t.Helper()
		if n, err := l.Feed([]byte(wire)); err != nil || n != len(wire) {
			t.Fatalf("Feed(%q) = %d, %v", wire, n, err)
		}
	}
	for range 20 {
		feed("MESSAGE\n\n\x00\nMESSAGE\n\n\x00")
		feed("\n")
		feed("MESSAGE\n\n\x00\r\n")
	}
	if n := l.Stats().BeatsIn; n != 0 || h.reads != 0 {
		t.Errorf("%d heart-beats counted, %d told, want none", n, h.reads)
	}
	feed("\n")
	feed("MESSAGE\n\n\x00\n\n\n")
	if n := l.Stats().BeatsIn; n != 3 || h.reads != 2 {
		t.Errorf("%d heart-beats counted, %d reads with some told, want 3 and 2", n, h.reads)
	}
}
