package conn_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// stuckBroker is a broker whose first connection the test plays, and may leave unread. All later ones answer by themselves.
type stuckBroker struct {
	*fakeBroker
	later fakeServer
	ends  *ends
}

// dialStuck returns a client that uses one connection at a time.
func dialStuck(t *testing.T, server string, cfg conn.Config) (*conn.Client, *stuckBroker) {
	t.Helper()
	client, broker := net.Pipe()
	b := &stuckBroker{fakeBroker: &fakeBroker{t: t, nc: broker, r: bufio.NewReader(broker), patience: time.Hour},
		later: fakeServer{t: t, server: server}}
	first := once(client)
	cfg, b.ends = countEnds(cfg)
	cfg.OneConnection, cfg.Driver = true, pump.Driver{}
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if nc, err := first(ctx, network, addr); err == nil {
			return nc, nil
		}
		return b.later.dial(ctx, network, addr)
	}
	c, err := conn.New(brokerURI, &cfg)
	if err != nil {
		t.Fatal(err)
	}
	connected := async(func() error { return c.Connect(t.Context()) })
	b.read()
	b.write("CONNECTED\nversion:1.2\nserver:" + server + "\n\n^@")
	if err := b.await(connected); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.later.end(c)
		_ = broker.Close()
	})
	return c, b
}

// fill leaves limit bytes in the outbox. The broker reads none of them.
func (b *stuckBroker) fill(c *conn.Client, limit int) {
	b.t.Helper()
	for range 2 { // one is being written, the other one waits
		if err := c.Send(b.t.Context(), "/queue/fill", make([]byte, limit)); err != nil {
			b.t.Fatal(err)
		}
		synctest.Wait()
	}
}

// SUBSCRIBE, UNSUBSCRIBE and what takes over a subscription never wait for room and are never left out: where the outbox is at
// its hard limit, the connection ends with that, and the next one has what was asked for.
func TestFullOutboxEndsTheConnection(t *testing.T) {
	const limit = 1000
	subscribe := func(ctx context.Context, c *conn.Client) (*conn.Subscription, error) {
		return c.Subscribe(ctx, "/queue/a", ignore, conn.SubscribeOptions{Ack: frame.AckClient})
	}
	for name, test := range map[string]struct {
		server string
		run    func(t *testing.T, c *conn.Client, b *stuckBroker)
		left   int // subscriptions on the next connection
	}{
		"Subscribe": {left: 1, run: func(t *testing.T, c *conn.Client, b *stuckBroker) {
			b.fill(c, limit)
			if _, err := subscribe(t.Context(), c); err != nil {
				t.Errorf("Subscribe: %v", err)
			}
		}},
		"Subscribe that gives up": {run: func(t *testing.T, c *conn.Client, b *stuckBroker) {
			ctx, cancel := context.WithCancel(t.Context())
			subscribed := async(func() error { _, err := subscribe(ctx, c); return err })
			b.read()
			b.fill(c, limit)
			cancel()
			if err := b.await(subscribed); !errors.Is(err, context.Canceled) {
				t.Errorf("Subscribe: %v", err)
			}
		}},
		"Unsubscribe":            {run: unsubscribeStuck(subscribe, limit)},
		"Unsubscribe, take over": {server: "RabbitMQ/3.10.8", run: unsubscribeStuck(subscribe, limit)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := dialStuck(t, test.server, conn.Config{Link: link.Options{HighWater: limit, HardLimit: limit}})
				test.run(t, c, b)
				if err := <-b.ends.errs; !errors.Is(err, link.ErrOutboxFull) || !errors.Is(err, net.ErrClosed) {
					t.Errorf("the connection ended with %v", err)
				}
				if err := c.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
					t.Errorf("on the next connection: %v", err)
				}
				if n := len(b.later.frames("SUBSCRIBE")); n != test.left {
					t.Errorf("the next connection has %d subscriptions, want %d", n, test.left)
				}
			})
		})
	}
}

// unsubscribeStuck ends a subscription that has a message outstanding, on a connection that the broker does not read.
func unsubscribeStuck(subscribe func(context.Context, *conn.Client) (*conn.Subscription, error), limit int) func(*testing.T, *conn.Client, *stuckBroker) {
	return func(t *testing.T, c *conn.Client, b *stuckBroker) {
		var sub *conn.Subscription
		subscribed := async(func() (err error) {
			sub, err = subscribe(t.Context(), c)
			return err
		})
		b.receipt(header(b.read(), "receipt"))
		if err := b.await(subscribed); err != nil {
			t.Fatal(err)
		}
		b.write("MESSAGE\nsubscription:1\nmessage-id:s@@x@@1\nack:s@@x@@1\ndestination:/queue/a\n\nbody^@")
		b.fill(c, limit)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // it waits for room, then it must not any more
		defer cancel()
		_ = sub.Unsubscribe(ctx)
		<-sub.Done()
	}
}
