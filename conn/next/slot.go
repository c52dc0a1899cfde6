package conn

import (
	"context"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn/internal/session"
)

// slot is the succession of connections that serve one purpose, as callers see it.
type slot struct {
	c    *Client
	core *session.Slot

	// cur is what calls may use; nil while there is nothing. It may have ended a moment ago.
	cur atomic.Pointer[wire]

	next    chan struct{} // closed, and made anew, when any of this changes; guarded by Client.mu
	refused error         // why new calls fail; guarded by Client.mu
	ups     int           // how often it was connected; guarded by Client.mu
}

func (c *Client) newSlot(core *session.Slot) *slot {
	s := &slot{c: c, core: core, next: make(chan struct{})}
	core.User = s
	return s
}

// changed wakes those who wait. Client.mu is held.
func (s *slot) changed() {
	close(s.next)
	s.next = make(chan struct{})
}

// current returns a connection other than not, the one that the caller found ended.
func (s *slot) current(ctx context.Context, not *wire) (*wire, error) {
	return s.currentUntil(ctx, not, nil)
}

// currentUntil is current that returns nil, and no error, if stop is closed while it waits.
func (s *slot) currentUntil(ctx context.Context, not *wire, stop <-chan struct{}) (*wire, error) {
	if w := s.cur.Load(); w != nil && w != not {
		return w, nil
	}
	return s.wait(ctx, not, false, stop)
}

// wait is currentUntil where there is none at the moment. Patient waits even if the client is to
// fail fast.
func (s *slot) wait(ctx context.Context, not *wire, patient bool, stop <-chan struct{}) (*wire, error) {
	c, from := s.c, handlerOf(ctx)
	for {
		c.mu.Lock()
		c.start()
		c.core.Want(s.core, c.clock.now())
		w, next, refused, last := s.cur.Load(), s.next, s.refused, s.core.Last()
		if refused == nil {
			refused = c.core.Refused()
		}
		if w == nil && from != nil && from.slot == s && from.conn.Alive() {
			w = from // its handler runs while the connection is being restored
		}
		c.unlock()
		switch {
		case refused != nil:
			return nil, refused
		case w != nil && w != not:
			return w, nil
		case c.cfg.FailFast && !patient:
			return nil, notConnected(nil, last)
		}
		select {
		case <-next:
		case <-stop:
			return nil, nil
		case <-ctx.Done():
			return nil, notConnected(ctx.Err(), last)
		}
	}
}

// slotFor returns the slot for what goes to destination, always the same one.
func (c *Client) slotFor(destination string) *slot {
	if len(c.senders) == 1 {
		return c.senders[0]
	}
	hash := uint32(2166136261) // FNV-1a
	for i := range len(destination) {
		hash = (hash ^ uint32(destination[i])) * 16777619
	}
	return c.senders[hash%uint32(len(c.senders))]
}
