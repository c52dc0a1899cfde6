package link

import (
	"net"
	"testing"
)

// An empty outbox refuses no sender, even while a woken sender has not reserved yet. An empty
// outbox writes nothing, so no write would tell a refused sender that there is room.
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
