package engine

import (
	"log/slog"

	"github.com/stompwire/stompwire/engine/link"
)

// Own is a driver that gives each link an event loop of its own, for handlers that may block. The
// zero value is ready. Safe for concurrent use.
type Own struct {
	Logger *slog.Logger // see [Options]
}

// Start begins to read l on a new loop, which ends with the link.
func (o Own) Start(l *link.Link) error {
	if _, ok := l.NetConn().(fileConn); !ok {
		return ErrUnsupportedConn // check before a loop is started
	}
	e, err := New(Options{Logger: o.Logger})
	if err != nil {
		return err
	}
	if err := e.Start(l); err != nil {
		_ = e.Close()
		return err
	}
	go func() {
		<-l.Done()
		_ = e.Close()
	}()
	return nil
}
