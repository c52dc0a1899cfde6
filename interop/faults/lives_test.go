package faults_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/conn"
)

type dialFunc func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error)

// lives watches how connections end: each that came about once, those that did not never.
type lives struct {
	mu    sync.Mutex
	all   []*life
	count int // that came about
}

type life struct {
	c    *conn.Conn // nil if the dial failed
	ends []error
}

// watch returns dial with the ends of its connections noted.
func (l *lives) watch(dial dialFunc) dialFunc {
	return func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
		one, own := new(life), *cfg
		own.OnClose = func(err error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			one.ends = append(one.ends, err)
		}
		c, err := dial(ctx, &own)
		l.mu.Lock()
		defer l.mu.Unlock()
		one.c = c
		l.all = append(l.all, one)
		if c != nil {
			l.count++
		}
		return c, err
	}
}

// check is called when the client has ended.
func (l *lives) check(t *testing.T) {
	t.Helper()
	eventually(t, "each connection has told of its end", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, one := range l.all {
			if one.c != nil && len(one.ends) == 0 {
				return false
			}
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.all = nil }() // a test may go on, and is not to keep them alive
	for i, one := range l.all {
		switch {
		case one.c == nil && len(one.ends) > 0:
			t.Errorf("connection %d never came about, and ended with %v", i+1, one.ends)
		case one.c != nil && len(one.ends) != 1:
			t.Errorf("connection %d ended %d times: %v", i+1, len(one.ends), one.ends)
		case one.c != nil && (!errors.Is(one.ends[0], net.ErrClosed) || one.ends[0].Error() != one.c.Err().Error()):
			t.Errorf("connection %d ended with %v, Err is %v", i+1, one.ends[0], one.c.Err())
		}
	}
}

// made returns how many connections came about.
func (l *lives) made() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}
