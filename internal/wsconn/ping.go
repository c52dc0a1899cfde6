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

// pongWait is how long a pong may wait for a message that is under way. What is
// left of controlTimeout is for writing it, however slow the machine is.
const pongWait = controlTimeout / 2

// MayPong says whether to answer a ping. It is asked on the reading goroutine. A
// pong behind a message that the peer does not take would end the connection,
// which back-pressure alone must not; and that peer would not see it either. So a
// pong goes out between messages, and the next one waits until it is written: ctx
// ends when the library is done with the ping.
func (w *Conn) MayPong(ctx context.Context, _ []byte) bool {
	begin := time.Now()
	timer := time.NewTimer(pongWait)
	defer timer.Stop()
	select {
	case w.writing <- struct{}{}:
	case <-timer.C:
		return false
	case <-w.closed:
		return false
	}
	if time.Since(begin) > pongWait { // both were due
		<-w.writing
		return false
	}
	context.AfterFunc(ctx, func() { <-w.writing })
	return true
}

// ping waits for the pong, but only so that pings do not pile up.
func (w *Conn) ping(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_ = w.c.Ping(ctx)
}
