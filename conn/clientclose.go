package conn

import (
	"context"
	"errors"
	"sync"

	"github.com/stompwire/stompwire/internal/awake"
)

// Disconnect ends the client in good order: it takes nothing new, waits for the
// outcomes of its producers' sends, even over a reconnect, then sends DISCONNECT on
// each connection and waits for the answers; all within Config.DisconnectTimeout
// and ctx. What had no outcome by then is reported as unknown, and makes Disconnect
// return an error that Is ErrUnknownOutcome. In a handler it returns
// ErrWouldBlock.
func (cl *Client) Disconnect(ctx context.Context) error {
	if cl.inHandler(ctx) {
		return ErrWouldBlock
	}
	ctx, cancel := awake.WithTimeout(ctx, cl.defaults.DisconnectTimeout)
	defer cancel()
	if !cl.beginClosing() {
		return cl.awaitEnd(ctx)
	}
	for _, ln := range cl.lanes() {
		ln.refuse(ErrDisconnecting)
	}
	drained := cl.drain(ctx)
	var goodbyes sync.WaitGroup
	for _, ln := range cl.lanes() {
		if c := ln.stop(); c != nil {
			goodbyes.Go(func() {
				_ = c.Disconnect(ctx)
				_ = c.Close()
			})
		}
	}
	goodbyes.Wait() // ctx bounds each
	cl.finishIfIdle()
	if err := cl.awaitEnd(ctx); drained == nil {
		return err
	}
	return unknown(drained)
}

// Close ends the client at once. What its producers have sent without an outcome
// is reported as unknown. It may be called anywhere, more than once, and always
// returns nil. It does not wait for the end; Done does.
func (cl *Client) Close() error {
	cl.beginClosing()
	cl.closeLanes(cl.refusal())
	cl.finishIfIdle()
	return nil
}

// beginClosing returns true to the first caller.
func (cl *Client) beginClosing() bool {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.phase >= phaseClosing {
		return false
	}
	cl.phase = phaseClosing
	return true
}

func (cl *Client) refusal() error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	return cl.closedError()
}

func (cl *Client) closeLanes(refusal error) {
	for _, ln := range cl.lanes() {
		ln.refuse(refusal)
		if c := ln.stop(); c != nil {
			_ = c.Close()
		}
	}
}

// finishIfIdle ends a client that was never started.
func (cl *Client) finishIfIdle() {
	cl.mu.Lock()
	idle := cl.running == 0
	cl.mu.Unlock()
	if idle {
		cl.finish()
	}
}

// awaitEnd waits for the end, and brings it about when ctx ends.
func (cl *Client) awaitEnd(ctx context.Context) error {
	select {
	case <-cl.done:
		return nil
	case <-ctx.Done():
	}
	cl.closeLanes(cl.refusal())
	select {
	case <-cl.done:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil // the connections are closed; a missing answer is no error
		}
		return ctx.Err()
	}
}

// drain waits until no producer has a send without outcome.
func (cl *Client) drain(ctx context.Context) error {
	for _, ln := range cl.lanes() {
		for _, m := range ln.all() {
			if p, ok := m.(interface{ Flush(context.Context) error }); ok {
				if err := p.Flush(ctx); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inHandler reports whether ctx comes from a handler of one of the connections.
func (cl *Client) inHandler(ctx context.Context) bool {
	at := handlerOf(ctx)
	if at == nil {
		return false
	}
	for _, ln := range cl.lanes() {
		if _, c := ln.current(); c == at {
			return true
		}
	}
	return false
}
