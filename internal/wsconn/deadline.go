package wsconn

import (
	"errors"
	"os"
	"sync"
	"time"
)

// deadline is the read deadline. Only one Read may run at a time.
type deadline struct {
	abort func() // ends the connection

	mu    sync.Mutex
	at    time.Time // zero for none
	busy  bool
	hit   bool // passed during an operation
	timer *time.Timer
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	switch {
	case t.IsZero():
		if d.timer != nil {
			d.timer.Stop()
		}
	case d.timer == nil:
		d.timer = time.AfterFunc(time.Until(t), d.fire)
	default:
		d.timer.Reset(time.Until(t))
	}
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// fire runs when the timer expires. It may be late: its deadline may have been replaced.
func (d *deadline) fire() {
	d.mu.Lock()
	hit := d.busy && d.passed()
	d.hit = hit
	d.mu.Unlock()
	if hit {
		d.abort()
	}
}

func (d *deadline) begin() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.passed() {
		return os.ErrDeadlineExceeded
	}
	d.busy = true
	return nil
}

// end returns the timeout error if err comes from the deadline, else err.
func (d *deadline) end(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = false
	if err != nil && d.hit {
		return errors.Join(os.ErrDeadlineExceeded, err)
	}
	return err
}

func (d *deadline) stop() { d.set(time.Time{}) }
