package link

import (
	"net"
	"testing"
)

// While a sender that was woken has not come yet, an empty outbox refuses nobody: with nothing to write, nobody would tell
// who was refused that there is room.
func TestEmptyOutboxIsNeverCrowded(t *testing.T) {
	for _, high := range []int{1, 2, 3} {
		ours, peer := net.Pipe()
		l := New(ours, nil, Options{HighWater: high})
		l.waiting = 1
		buf, err := l.TryReserve(1)
		if err != nil {
			t.Errorf("high water %d: %v", high, err)
		} else {
			l.Commit(buf)
		}
		l.Close(nil)
		_ = peer.Close()
	}
}
