package listen

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn"
)

// Set is a set of named listeners. Its method Trace goes into conn.Config.Trace; several clients
// may share one set. A change takes effect with the next event. The zero value is empty and ready.
// Safe for concurrent use, also by listeners. It must not be copied after first use.
type Set struct {
	mu     sync.Mutex
	named  map[string]any
	groups atomic.Pointer[groups] // of named; immutable, replaced under mu; nil if there are none
}

// Set enters l under name, in place of a listener that has this name. It returns an error if l has
// none of the methods of a listener.
func (s *Set) Set(name string, l any) error {
	if new(groups).add(l) == 0 {
		return fmt.Errorf("stomp: %T has none of the methods of a listener", l)
	}
	s.change(func() { s.named[name] = l })
	return nil
}

// Remove removes the listener with this name.
func (s *Set) Remove(name string) { s.change(func() { delete(s.named, name) }) }

// Get returns the listener with this name, nil if there is none.
func (s *Set) Get(name string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.named[name]
}

func (s *Set) change(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.named == nil {
		s.named = make(map[string]any)
	}
	change()
	if len(s.named) == 0 {
		s.groups.Store(nil)
		return
	}
	g := new(groups)
	for _, name := range slices.Sorted(maps.Keys(s.named)) {
		g.add(s.named[name])
	}
	s.groups.Store(g)
}

// Trace tells the listeners of e. It is a conn.Config.Trace.
func (s *Set) Trace(ctx context.Context, e *conn.Event) {
	g := s.groups.Load()
	if e.Kind == conn.EventPanic && (g == nil || len(g.onEvent) == 0) {
		logPanic(e.Err)
	}
	if g != nil {
		g.tell(ctx, e)
	}
}

// logPanic does what the client does with a panic if it has neither Trace nor Logger.
func logPanic(err error) {
	var stack string
	if p, ok := err.(*conn.PanicError); ok {
		stack = string(p.Stack)
	}
	slog.Default().Error(err.Error(), "stack", stack)
}
