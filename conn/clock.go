package conn

import (
	"time"

	"github.com/stompwire/stompwire/conn/internal/session"
)

// clock tells the core the time, and when something is due.
//
// A process that was stopped, or whose machine stood still, finds all its timers due at once
// when it goes on, while what its peers have sent meanwhile still lies in the sockets. So a
// timer that fires late gives the readers a moment before the core learns what time it is.
// This is the only place that looks at lateness; a timeout of T ends by T + 1 s.
type clock struct {
	base  time.Time
	fire  func() // called when something is due; a field, because a method value allocates each time
	timer *time.Timer
	armed session.Time // when timer is due; 0 if it is not set
	grace bool         // the moment is being given
	ended bool         // nothing is due any more: a timer would keep the client in memory
}

const (
	// lateBy is by how much a timer is late only if the process did not run.
	lateBy = 50 * time.Millisecond
	// moment is what the readers then get.
	moment = 500 * time.Millisecond
)

func (k *clock) now() session.Time { return time.Since(k.base) }

// arm has fire called at t, unless that is going to happen earlier, or a moment is being given.
func (k *clock) arm(t session.Time) {
	if k.ended || k.grace || k.armed != 0 && k.armed <= t {
		return
	}
	k.set(t)
}

func (k *clock) set(t session.Time) {
	now := k.now()
	k.armed = max(t, now, 1) // what is overdue already does not make the timer late
	pause := max(t-now, 0)
	if k.timer == nil {
		k.timer = time.AfterFunc(pause, k.fire)
	} else {
		k.timer.Reset(pause)
	}
}

// fired reports whether the core may be told the time: if not, fire is called again.
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
