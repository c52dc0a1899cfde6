package wsconn

import (
	"context"
	"time"
)

// pings sends a ping each interval until the connection is closed.
func (w *Conn) pings(interval time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-w.closed
		cancel()
	}()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-w.closed:
			return
		case <-ticker.C:
			w.ping(ctx, max(interval, controlTimeout))
		}
	}
}

// controlTimeout is how long the library gives a ping or pong to be written. One
// that takes longer ends the connection.
const controlTimeout = 5 * time.Second

// MayPong says whether to answer a ping. It is asked on the reading goroutine. A
// pong behind a message that the peer does not take would end the connection,
// which back-pressure alone must not; and that peer would not see it either.
func (w *Conn) MayPong(context.Context, []byte) bool {
	const wait, step = controlTimeout - time.Second, 10 * time.Millisecond
	done, busy := w.writes.progress()
	for waited := time.Duration(0); busy; waited += step {
		if waited >= wait {
			return false
		}
		select {
		case <-w.closed:
			return false
		case <-time.After(step):
		}
		var now uint64
		if now, busy = w.writes.progress(); now != done {
			return true
		}
	}
	return true
}

// ping waits for the pong, but only so that pings do not pile up.
func (w *Conn) ping(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_ = w.c.Ping(ctx)
}
