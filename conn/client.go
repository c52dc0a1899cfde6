package conn

import (
	"context"
	"fmt"
	"sync"

	"github.com/stompwire/stompwire/engine/link"
)

// Client stays connected to a broker: when a connection is lost it makes another,
// renews the subscriptions, and lets what waited go on. All methods are safe for
// concurrent use.
//
// It has one connection to consume from, made by the first Subscribe, and one or
// more to send on; see ClientConfig.OneConnection. A message belongs to the
// connection that delivered it: acknowledging it after that has ended is an error
// that Is net.ErrClosed, and the broker delivers it again.
type Client struct {
	cfg       ClientConfig
	defaults  Config // cfg.Conn with its defaults, for reading
	consumer  *lane  // one of producers if there is one connection
	producers []*lane
	done      chan struct{}

	mu      sync.Mutex
	phase   clientPhase
	running int   // lanes
	cause   error // why the client gave up
	err     error // set before done is closed
}

type clientPhase uint8

const (
	phaseNew clientPhase = iota
	phaseOpen
	phaseClosing
	phaseClosed
)

// NewClient checks cfg and makes a client, which does nothing before Connect or
// Start.
func NewClient(cfg ClientConfig) (*Client, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if cfg.Conn.Listeners == nil {
		cfg.Conn.Listeners = new(Listeners)
	}
	cl := &Client{cfg: cfg, defaults: cfg.Conn.withDefaults(), done: make(chan struct{})}
	if cfg.OneConnection {
		cl.consumer = newLane(cl, "shared", cfg.Conn)
		cl.producers = []*lane{cl.consumer}
		return cl, nil
	}
	cl.consumer = newLane(cl, "consumer", cfg.Conn)
	for i := range cfg.Producers {
		cl.producers = append(cl.producers, newLane(cl, fmt.Sprintf("producer %d", i+1), cfg.Conn))
	}
	return cl, nil
}

// Start begins to connect, and returns at once. Starting again does nothing.
func (cl *Client) Start() error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	switch cl.phase {
	case phaseOpen:
		return nil
	case phaseNew:
		cl.phase = phaseOpen
		for _, ln := range cl.producers {
			cl.startLane(ln)
		}
		ln := cl.consumer
		if ln.hasMembers() && !cl.cfg.OneConnection {
			cl.startLane(ln)
		}
		return nil
	}
	return cl.closedError()
}

// startLane starts a lane. mu is held.
func (cl *Client) startLane(ln *lane) {
	cl.running++
	ln.start()
}

// startConsumer makes the connection to consume from, the first time that it is
// needed.
func (cl *Client) startConsumer() {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.phase == phaseOpen && !cl.consumer.started() {
		cl.startLane(cl.consumer)
	}
}

// Connect starts the client and returns when all its connections to send on, and
// the one to consume from if something is subscribed, are there. It returns why
// the client gave up, if it does, and a [*NotConnectedError] if ctx ends first; the
// client then goes on trying, until Close.
func (cl *Client) Connect(ctx context.Context) error {
	if err := cl.Start(); err != nil {
		return err
	}
	// One after the other: each was there once, which is all that can be promised.
	for _, ln := range cl.startedLanes() {
		if err := ln.awaitConnected(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (cl *Client) lanes() []*lane {
	if cl.cfg.OneConnection {
		return cl.producers
	}
	return append(cl.producers[:len(cl.producers):len(cl.producers)], cl.consumer)
}

func (cl *Client) startedLanes() (started []*lane) {
	for _, ln := range cl.lanes() {
		if ln.started() {
			started = append(started, ln)
		}
	}
	return started
}

// State returns the state of the connection that is worst off: connected if all
// are.
func (cl *Client) State() State {
	cl.mu.Lock()
	phase := cl.phase
	cl.mu.Unlock()
	switch phase {
	case phaseNew:
		return StateNew
	case phaseClosing:
		return StateClosing
	case phaseClosed:
		return StateClosed
	}
	for _, ln := range cl.startedLanes() {
		if state, _ := ln.current(); state != StateConnected {
			return max(state, StateConnecting)
		}
	}
	return StateConnected
}

// IsConnected reports whether all connections are there.
func (cl *Client) IsConnected() bool { return cl.State() == StateConnected }

// Done is closed when the client has ended.
func (cl *Client) Done() <-chan struct{} { return cl.done }

// Err returns why the client has ended, nil while it has not. It Is net.ErrClosed.
func (cl *Client) Err() error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	return cl.err
}

// closedError is what calls get after the end. mu is held.
func (cl *Client) closedError() error { return &link.ClosedError{Cause: cl.cause} }

// laneEnded takes note that a lane is closed; with an error it ends them all.
func (cl *Client) laneEnded(err error) {
	cl.mu.Lock()
	cl.running--
	if err != nil && cl.phase == phaseOpen {
		cl.phase, cl.cause = phaseClosing, err
	}
	refusal, last := cl.closedError(), cl.running == 0
	cl.mu.Unlock()
	if err != nil {
		cl.closeLanes(refusal)
	}
	if last {
		cl.finish()
	}
}

// finish is the end, reached once.
func (cl *Client) finish() {
	cl.mu.Lock()
	if cl.phase == phaseClosed {
		cl.mu.Unlock()
		return
	}
	cl.phase = phaseClosed
	cl.err = cl.closedError()
	cl.mu.Unlock()
	// Deferred, for the user's code in them may end the goroutine.
	if cl.cfg.OnClose != nil {
		defer cl.cfg.OnClose(cl.err)
	}
	defer close(cl.done)
	for _, ln := range cl.lanes() {
		ln.refuse(cl.err)
		defer ln.endMembers(cl.err)
	}
}
