package interop_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// After Disconnect the connection has ended in good order, Trace has heard so once, and nothing more can be sent.
func TestDisconnect(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			ends := make(chan error, 8)
			c := tg.dial(t, func(cfg *conn.Config) {
				cfg.Versions = frame.VersionsOf(v)
				cfg.Trace = func(_ context.Context, e *conn.Event) {
					if e.Kind == conn.EventDisconnected {
						ends <- e.Err
					}
				}
			})
			subscribe(t, c, topic(), frame.AckAuto)
			disconnect(t, c)
			select {
			case err := <-ends:
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("Trace was told %v", err)
				}
			case <-within(t).Done():
				t.Error("EventDisconnected was not told")
			}
			if err := c.Err(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("ended with %v", err)
			}
			if err := c.Send(within(t), topic(), nil); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Send: %v", err)
			}
			disconnect(t, c) // again
			_ = c.Close()
			if len(ends) > 0 {
				t.Errorf("EventDisconnected was told again: %v", <-ends)
			}
		})
	})
}

func TestDisconnectTwiceAtOnce(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c := tg.dial(t, nil)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := c.Disconnect(within(t)); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	})
}

// A call that sends while Disconnect runs either fails, because it is too late, or succeeds: then
// the message is confirmed and in its queue.
func TestDisconnectDuringSends(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dial(t, nil), queue()
		var got outcomes
		p, err := c.NewProducer(conn.ProducerConfig{Destination: q, Window: 64, OnOutcome: got.note})
		if err != nil {
			t.Fatal(err)
		}
		var sent atomic.Uint64
		var all sync.WaitGroup
		underWay, ctx := make(chan struct{}), within(t)
		for range 4 {
			all.Go(func() {
				for {
					_, err := p.Send(ctx, []byte("one of many"))
					if err != nil {
						if !errors.Is(err, net.ErrClosed) {
							t.Errorf("Send: %v", err)
						}
						return
					}
					if sent.Add(1) == 200 {
						close(underWay)
					}
				}
			})
		}
		select {
		case <-underWay:
		case <-c.Done():
			t.Errorf("the connection has ended by itself: %v", c.Err())
		case <-ctx.Done():
			t.Error("the sends take for ever")
		}
		disconnect(t, c)
		all.Wait()
		if n := got.check(t, sent.Load()); n != int(sent.Load()) {
			t.Errorf("%d of %d sends are confirmed", n, sent.Load())
		}
		in := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
		for range sent.Load() {
			in.expect(t, "one of many")
		}
		in.expectEnd(t)
	})
}
