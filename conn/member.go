package conn

import (
	"context"
	"slices"

	"github.com/stompwire/stompwire/internal/awake"
)

// member is what a lane carries from one connection to the next: subscriptions
// and producers.
type member interface {
	// rank orders members: the lower is restored first.
	rank() int
	// on reports whether the member has been attached to c.
	on(c *Conn) bool
	// attach moves the member to c. The outcome, unless nil, tells what the
	// broker says. An error means that c has ended.
	attach(ctx context.Context, c *Conn) (outcome <-chan error, err error)
	// settle takes what came of attach. It returns false if the member is
	// finished.
	settle(c *Conn, err error) bool
	// detach tells the member that c has ended.
	detach(c *Conn, err error)
	// end tells the member that there will be no connection any more.
	end(err error)
}

const (
	rankSubscription = iota
	rankProducer
)

// join adds m and returns the connection that it has to be attached to by the
// caller; nil if the lane will do that.
func (ln *lane) join(m member) (*Conn, error) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if ln.refused != nil {
		return nil, ln.refused
	}
	at, _ := slices.BinarySearchFunc(ln.members, m.rank()+1, func(m member, rank int) int { return m.rank() - rank })
	ln.members = slices.Insert(ln.members, at, m)
	return ln.cur.Load(), nil
}

// leave removes m.
func (ln *lane) leave(m member) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.members = slices.DeleteFunc(ln.members, func(other member) bool { return other == m })
}

// restore brings everything to c and then opens c for calls: subscriptions first,
// so that no answer to what is published next is missed. An error means that c has
// ended. Subscriptions that take longer than a connect may are not waited for.
func (ln *lane) restore(ctx context.Context, c *Conn) error {
	if err := ln.restoreSubscriptions(ctx, c); err != nil {
		return err
	}
	for {
		if err := ln.restoreRank(ctx, c, rankProducer); err != nil {
			return err
		}
		if ln.open(c) {
			return c.Err()
		}
	}
}

func (ln *lane) restoreSubscriptions(ctx context.Context, c *Conn) error {
	if ln == ln.cl.consumer {
		return ln.restoreRank(ctx, c, rankSubscription)
	}
	ctx, cancel := awake.WithTimeout(ctx, ln.cl.defaults.ConnectTimeout)
	defer cancel()
	ln.cl.consumer.restored(ctx)
	return nil
}

// restoreRank attaches the members up to rank that are not on c yet, all of them
// before it waits for any.
func (ln *lane) restoreRank(ctx context.Context, c *Conn, rank int) error {
	type waiting struct {
		m       member
		outcome <-chan error
	}
	var all []waiting
	for _, m := range ln.missing(c, rank) {
		outcome, err := m.attach(ctx, c)
		if err != nil && (notSent(err) || c.Err() != nil) {
			return err
		}
		if outcome != nil {
			all = append(all, waiting{m, outcome})
		} else if !m.settle(c, err) {
			ln.leave(m)
		}
	}
	ctx, cancel := awake.WithTimeout(ctx, ln.cl.defaults.ConnectTimeout)
	defer cancel()
	for _, w := range all {
		select {
		case err := <-w.outcome:
			if c.Err() != nil {
				return c.Err()
			}
			if !w.m.settle(c, err) {
				ln.leave(w.m)
			}
		case <-ctx.Done():
			if !w.m.settle(c, unknown(ctx.Err())) {
				ln.leave(w.m)
			}
		}
	}
	return nil
}

func (ln *lane) missing(c *Conn, rank int) (missing []member) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	for _, m := range ln.members {
		if m.rank() <= rank && !m.on(c) {
			missing = append(missing, m)
		}
	}
	return missing
}

// open lets calls use c, unless a member has joined meanwhile.
func (ln *lane) open(c *Conn) bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	for _, m := range ln.members {
		if !m.on(c) {
			return false
		}
	}
	if ln.refused == nil {
		ln.cur.Store(c)
	}
	ln.changed()
	return true
}

// restored waits while the lane is about to bring subscriptions back.
func (ln *lane) restored(ctx context.Context) {
	for {
		ln.mu.Lock()
		away := ln.cancel != nil && ln.state != StateConnected && ln.state < StateClosing && len(ln.members) > 0
		next := ln.next
		ln.mu.Unlock()
		if !away {
			return
		}
		select {
		case <-next:
		case <-ctx.Done():
			return
		}
	}
}

func (ln *lane) all() []member {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return slices.Clone(ln.members)
}

func (ln *lane) hasMembers() bool { return len(ln.all()) > 0 }

func (ln *lane) endMembers(err error) {
	for _, m := range ln.all() {
		defer m.end(err)
	}
}
