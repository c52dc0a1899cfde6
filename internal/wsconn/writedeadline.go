package wsconn

import (
	"net"
	"os"
	"sync"
	"time"
)

// writeDeadline is the write deadline. It is set on the connection underneath while a message is
// written, so that a connection whose deadlines move with progress measures progress and not whole
// messages. Between messages none is set: a pong must not hit the deadline of an earlier message.
//
// It restarts with each message, because a caller may write several messages before it sets the
// deadline again.
type writeDeadline struct {
	under net.Conn

	mu       sync.Mutex
	at       time.Time     // zero for none
	patience time.Duration // how far in the future it was when it was set
	busy     bool
}

func (d *writeDeadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.patience = t, time.Until(t)
	if d.busy {
		_ = d.under.SetWriteDeadline(t)
	}
}

func (d *writeDeadline) begin() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.at.IsZero() && !time.Now().Before(d.at) {
		return os.ErrDeadlineExceeded
	}
	d.busy = true
	_ = d.under.SetWriteDeadline(d.at)
	return nil
}

func (d *writeDeadline) end(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = false
	_ = d.under.SetWriteDeadline(time.Time{})
	if err == nil && !d.at.IsZero() {
		d.at = time.Now().Add(d.patience)
	}
}
