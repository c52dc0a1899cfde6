package wsconn

import (
	"net"
	"os"
	"sync"
	"time"
)

// writeDeadline is the deadline of writing. The connection underneath has it while a message is
// written, so that one underneath whose deadlines move with progress can judge the peer by what
// it takes and not by whole messages. Between messages there is none: a pong must not meet the
// deadline of a message that was written long before.
//
// It moves with each message, too: a caller may write several before it sets it again.
type writeDeadline struct {
	under net.Conn

	mu       sync.Mutex
	at       time.Time     // zero for none
	patience time.Duration // how long that was off when it was set
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
