package conn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/writer"
)

// lane is the succession of connections that serve one purpose of a client. Its
// goroutine is the only one that changes its state.
type lane struct {
	cl   *Client
	name string
	cfg  Config

	// cur is what calls may use; nil while there is nothing. It may have ended a
	// moment ago.
	cur atomic.Pointer[Conn]

	mu      sync.Mutex // leaf, below Client.mu
	state   State
	cancel  context.CancelFunc // nil until the lane is started
	live    *Conn              // cur, or what is being restored
	past    link.Stats         // of the connections before live
	ups     int                // how often the lane was connected
	members []member
	next    chan struct{} // closed, and made anew, when any of this changes
	last    error         // why there is no connection
	refused error         // why there will be none for new calls
}

func newLane(cl *Client, name string, cfg Config) *lane {
	return &lane{cl: cl, name: name, cfg: cfg, next: make(chan struct{})}
}

// changed wakes whoever waits on the lane. mu is held.
func (ln *lane) changed() {
	close(ln.next)
	ln.next = make(chan struct{})
}

// start starts the goroutine. Client.mu is held.
func (ln *lane) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ln.mu.Lock()
	ln.cancel = cancel
	ln.mu.Unlock()
	go ln.run(ctx)
}

func (ln *lane) run(ctx context.Context) {
	err := error(ErrGoexit) // unless the user's code lets keep return
	defer func() { ln.cl.laneEnded(err) }()
	err = ln.keep(ctx)
	ln.enter(StateChange{To: StateClosed, Err: err})
}

// keep connects again and again. It returns nil when the client is closing, and
// else why the lane gave up.
func (ln *lane) keep(ctx context.Context) error {
	var failed, pauses int // failed rounds in a row; pauses since a connection lasted
	var before bool        // there was a connection
	for {
		ln.enter(StateChange{To: StateConnecting})
		c, err := ln.connect(ctx)
		if err == nil {
			began := time.Now()
			ln.enter(StateChange{To: StateConnected, Conn: c})
			select {
			case <-c.Done():
			case <-ctx.Done():
			}
			if ctx.Err() == nil {
				err = c.Err()
				ln.lose(c, err)
				if ln.cl.cfg.NoReconnect {
					return err
				}
			}
			before, failed = true, 0
			// A broker that takes us and lets us go at once is not to be hammered.
			if time.Since(began) > ln.cl.cfg.Backoff.Pause(pauses, 0) {
				pauses = 0
			}
		} else {
			failed++
		}
		if ctx.Err() != nil {
			ln.enter(StateChange{To: StateClosing})
			if c != nil {
				<-c.Done() // whoever cancelled ctx ends it
				ln.retire(c)
			}
			return nil
		}
		if limit := ln.cl.cfg.attempts(before); errors.Is(err, writer.ErrRefused) || limit > 0 && failed >= limit {
			return fmt.Errorf("stomp: gave up after %d failed attempts: %w", failed, err)
		}
		pauses++
		ln.backOff(ctx, failed, pauses, err)
	}
}

func (ln *lane) backOff(ctx context.Context, failed, pauses int, err error) {
	pause := ln.cl.cfg.Backoff.Pause(pauses, rand.Float64())
	ln.enter(StateChange{To: StateBackingOff, Err: err, Attempt: failed, Pause: pause})
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// enter makes a step and tells the user of it.
func (ln *lane) enter(step StateChange) {
	ln.mu.Lock()
	step.Lane, step.From = ln.name, ln.state
	ln.state = step.To
	if step.To == StateConnected {
		ln.ups++
	}
	if step.Err != nil {
		ln.last = step.Err
	}
	ln.changed()
	ln.mu.Unlock()
	if ln.cl.cfg.OnState != nil {
		ln.cl.cfg.OnState(step)
	}
}

// connect makes a connection on which all that the lane carries is restored.
func (ln *lane) connect(ctx context.Context) (*Conn, error) {
	cfg := ln.cfg
	c, err := ln.cl.cfg.Dial(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	ln.mu.Lock()
	ln.live = c
	ln.changed()
	ln.mu.Unlock()
	if ctx.Err() != nil { // whoever ended the lane may not have seen c
		_ = c.Close()
		ln.retire(c)
		return nil, ctx.Err()
	}
	if err := ln.restore(ctx, c); err != nil {
		_ = c.Close()
		ln.lose(c, err)
		return nil, err
	}
	return c, nil
}

// lose takes a connection that has ended out of service.
func (ln *lane) lose(c *Conn, err error) {
	was := ln.retire(c)
	for _, m := range ln.all() {
		m.detach(c, err)
	}
	if was == StateConnected {
		ln.enter(StateChange{To: StateLost, Conn: c, Err: err})
	}
}

// retire keeps of c, which has ended, no more than its counts. It returns the state.
func (ln *lane) retire(c *Conn) State {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.live = nil
	ln.past = addStats(ln.past, c.Stats())
	ln.cur.Store(nil)
	return ln.state
}

// wait returns a connection other than not, the one that the caller found ended; or
// ErrProducerClosed when closed is.
func (ln *lane) wait(ctx context.Context, not *Conn, closed <-chan struct{}) (*Conn, error) {
	if c := ln.cur.Load(); c != nil && c != not {
		return c, nil
	}
	return ln.waitForNext(ctx, not, closed)
}

func (ln *lane) waitForNext(ctx context.Context, not *Conn, closed <-chan struct{}) (*Conn, error) {
	from := handlerOf(ctx)
	for {
		ln.mu.Lock()
		c, next, refused, last := ln.cur.Load(), ln.next, ln.refused, ln.last
		if c == nil && ln.live != nil && ln.live == from {
			c = ln.live // its goroutine is the one that would restore it
		}
		ln.mu.Unlock()
		switch {
		case refused != nil:
			return nil, refused
		case c != nil && c != not:
			return c, nil
		case ln.cl.cfg.FailFast:
			return nil, &NotConnectedError{Last: last}
		}
		select {
		case <-next:
		case <-closed:
			return nil, ErrProducerClosed
		case <-ctx.Done():
			return nil, &NotConnectedError{Err: ctx.Err(), Last: last}
		}
	}
}

// refuse has new calls fail with err.
func (ln *lane) refuse(err error) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.refused = err
	ln.cur.Store(nil)
	ln.changed()
}

// stop ends the goroutine and returns the connection that it leaves, if any, for
// the caller to end.
func (ln *lane) stop() *Conn {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if ln.cancel != nil {
		ln.cancel()
	}
	return ln.live
}

func (ln *lane) current() (State, *Conn) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.state, ln.live
}

func (ln *lane) started() bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.cancel != nil
}

// awaitConnected returns when the lane is connected, or has been since the call.
func (ln *lane) awaitConnected(ctx context.Context) error {
	ln.mu.Lock()
	ups := ln.ups
	ln.mu.Unlock()
	for {
		ln.mu.Lock()
		up, next, refused, last := ln.state == StateConnected || ln.ups > ups, ln.next, ln.refused, ln.last
		ln.mu.Unlock()
		switch {
		case up:
			return nil
		case refused != nil:
			return refused
		}
		select {
		case <-next:
		case <-ctx.Done():
			return &NotConnectedError{Err: ctx.Err(), Last: last}
		}
	}
}
