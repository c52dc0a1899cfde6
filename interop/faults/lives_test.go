package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// lives watches how the connections of clients end: each that came about once, the others never. It is told by Config.Trace.
type lives struct {
	lost func(error) // told why a connection ended that was not disconnected; may be nil

	mu    sync.Mutex
	open  map[string]*life // by name
	count int              // that came about
	wrong []string
}

type life struct{ up, leaving bool }

// watch is a Config.Trace for the connections of the client that is called name.
func (l *lives) watch(name string) func(context.Context, *conn.Event) {
	return func(_ context.Context, e *conn.Event) {
		if lost := l.note(name+" "+e.Connection, e); lost && l.lost != nil {
			l.lost(e.Err)
		}
	}
}

// note reports whether a connection was lost.
func (l *lives) note(name string, e *conn.Event) (lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[string]*life{}
	}
	one := l.open[name]
	switch e.Kind {
	case conn.EventConnecting:
		if one != nil && one.up {
			l.complain("%s connects and has not told of its end", name)
		}
		l.open[name] = new(life)
	case conn.EventReceived:
		if e.Frame.Command != frame.CmdConnected {
			break
		}
		if one == nil {
			l.complain("%s is connected and has not told of an attempt", name)
			break
		}
		one.up = true
		l.count++
	case conn.EventDisconnecting:
		if one != nil {
			one.leaving = true
		}
	case conn.EventDisconnected:
		if one == nil || !one.up {
			l.complain("%s never came about, or ended before, and ends with %v", name, e.Err)
			break
		}
		if !errors.Is(e.Err, net.ErrClosed) {
			l.complain("%s ends with %v", name, e.Err)
		}
		delete(l.open, name)
		return !one.leaving
	}
	return false
}

func (l *lives) complain(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// check is called when the clients have ended.
func (l *lives) check(t *testing.T) {
	t.Helper()
	eventually(t, "each connection has told of its end", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, one := range l.open {
			if one.up {
				return false
			}
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, what := range l.wrong {
		t.Error(what)
	}
}

// made returns how many connections came about.
func (l *lives) made() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}
