package conn

import (
	"time"

	"github.com/stompwire/stompwire/conn/internal/session"
)

// clock provides the core's time and its one timer.
//
// A process that was stopped, or whose machine stood still, finds all its timers due when it
// continues, while what its peers have sent meanwhile is still unread in the sockets. So when the
// timer fires late, the clock gives the readers half a second before it tells the core the time.
// This is the only place that looks at lateness; a timeout of T ends by T + 1 s.
type clock struct {
	base  time.Time
	fire  func() // called when something is due; a field, because a method value allocates each time
	timer *time.Timer
	armed session.Time // when timer is due; 0 if it is not set
	grace bool         // a late timer has fired, and the readers have the time called moment
	ended bool         // the client has ended: a running timer would keep it in memory
}

const (
	// lateBy is the lateness of a timer from which on the process is taken to have stood still.
	lateBy = 50 * time.Millisecond
	// moment is how long the readers then get.
	moment = 500 * time.Millisecond
)

func (k *clock) now() session.Time { return time.Since(k.base) }

// arm makes the timer fire at t, unless it fires earlier anyway or grace is set.
func (k *clock) arm(t session.Time) {
	if k.ended || k.grace || k.armed != 0 && k.armed <= t {
		return
	}
	k.set(t)
}

func (k *clock) set(t session.Time) {
	now := k.now()
	k.armed = max(t, now, 1) // a time that has passed already does not make the timer late
	pause := max(t-now, 0)
	if k.timer == nil {
		k.timer = time.AfterFunc(pause, k.fire)
	} else {
		k.timer.Reset(pause)
	}
}

// fired reports whether the core may be told the time. If not, fire is called again.
func (k *clock) fired() bool {
	if k.armed == 0 {
		return false
	}
	now := k.now()
	if !k.grace && now-k.armed > lateBy {
		k.grace = true
		k.set(now + moment)
		return false
	}
	k.grace, k.armed = false, 0
	return true
}

func (k *clock) stop() {
	if k.timer != nil {
		k.timer.Stop()
	}
	k.armed, k.ended = 0, true
}
