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

// controlTimeout is how long the library allows for writing a ping or pong. If it takes longer, the
// library ends the connection.
const controlTimeout = 5 * time.Second

// pongWait is how long a pong may wait for a message in progress. The rest of controlTimeout is for
// writing it.
const pongWait = controlTimeout / 2

// MayPong reports whether to answer a ping. The library calls it on the reading goroutine. A pong
// behind a message that the peer does not take would time out and end the connection, which
// back-pressure alone must not do; and the peer would not receive it either. So a pong is sent
// between messages, and the next message waits until it is written: ctx ends when the library is
// done with the ping.
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
	if time.Since(begin) > pongWait { // both channels were ready
		<-w.writing
		return false
	}
	context.AfterFunc(ctx, func() { <-w.writing })
	return true
}

// ping sends a ping and waits for the pong, only so that pings do not pile up.
func (w *Conn) ping(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_ = w.c.Ping(ctx)
}
