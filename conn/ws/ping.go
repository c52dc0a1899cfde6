package ws

import (
	"context"
	"time"
)

// pings sends a ping each interval until the connection is closed.
func (w *netConn) pings(interval time.Duration) {
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
			w.ping(ctx, interval)
		}
	}
}

// ping waits for the pong, but only so that pongs do not pile up.
func (w *netConn) ping(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_ = w.c.Ping(ctx)
}
