package conn

import (
	"context"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn/internal/session"
)

// slot is a succession of connections with one purpose, as callers see it.
type slot struct {
	c    *Client
	core *session.Slot

	// cur is the connection that calls may use; nil if there is none. It may have ended a moment
	// ago.
	cur atomic.Pointer[wire]

	next    chan struct{} // closed and replaced when one of these fields changes; guarded by Client.mu
	refused error         // why new calls fail; guarded by Client.mu
	opened  int           // how many connections it has had; guarded by Client.mu
}

func (c *Client) newSlot(core *session.Slot) *slot {
	s := &slot{c: c, core: core, next: make(chan struct{})}
	core.User = s
	return s
}

// changed wakes all waiting calls. Client.mu is held.
func (s *slot) changed() {
	close(s.next)
	s.next = make(chan struct{})
}

// current returns a connection other than not, the one that the caller found to have ended.
func (s *slot) current(ctx context.Context, not *wire) (*wire, error) {
	return s.currentFor(ctx, not, nil)
}

// currentFor is current for a producer: it returns nil and no error if the producer is closed or
// has moved to another slot.
func (s *slot) currentFor(ctx context.Context, not *wire, p *Producer) (*wire, error) {
	if w := s.cur.Load(); w != nil && w != not {
		return w, nil
	}
	return s.wait(ctx, not, p)
}

// wait is currentFor when there is no connection.
func (s *slot) wait(ctx context.Context, not *wire, p *Producer) (*wire, error) {
	c, from := s.c, handlerOf(ctx)
	var closed <-chan struct{}
	if p != nil {
		closed = p.room.closed
	}
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
		case p != nil && p.home.Load() != s:
			return nil, nil
		case w != nil && w != not:
			return w, nil
		case c.cfg.FailFast:
			return nil, notConnected(nil, last)
		}
		select {
		case <-next:
		case <-closed:
			return nil, nil
		case <-ctx.Done():
			return nil, notConnected(ctx.Err(), last)
		}
	}
}

// awaitOpen returns when the slot has a connection, or has had one since opened was since. It waits
// even with FailFast.
func (s *slot) awaitOpen(ctx context.Context, since int) error {
	c := s.c
	for {
		c.mu.Lock()
		w, next, refused, last := s.cur.Load(), s.next, c.core.Refused(), s.core.Last()
		open := s.opened > since || w != nil && w.ctx.Err() == nil
		c.mu.Unlock()
		switch {
		case open:
			return nil
		case refused != nil:
			return refused
		}
		select {
		case <-next:
		case <-ctx.Done():
			return notConnected(ctx.Err(), last)
		}
	}
}

// slotFor returns the slot for messages to destination, always the same one.
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
