package conn

import (
	"context"
	"time"
)

// handlerContext is the context that handlers get: it ends with the connection,
// and marks calls that are made on the reading goroutine.
type handlerContext struct{ c *Conn }

type handlerKey struct{}

var _ context.Context = handlerContext{}

func (handlerContext) Deadline() (time.Time, bool) { return time.Time{}, false }

func (h handlerContext) Done() <-chan struct{} { return h.c.Done() }

func (h handlerContext) Err() error {
	select {
	case <-h.c.Done():
		return h.c.Err()
	default:
		return nil
	}
}

func (h handlerContext) Value(key any) any {
	if _, ok := key.(handlerKey); ok {
		return h.c
	}
	return nil
}

// inHandler reports whether ctx comes from a handler of this connection.
func (c *Conn) inHandler(ctx context.Context) bool { return handlerOf(ctx) == c }

// handlerOf returns the connection from whose handler ctx comes, nil if from none. It runs
// the user's code if ctx is the user's: no lock may be held.
func handlerOf(ctx context.Context) *Conn {
	c, _ := ctx.Value(handlerKey{}).(*Conn)
	return c
}
