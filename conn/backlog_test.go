package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// backlog puts n messages of size octets into a queue of an embedded broker, and returns a client of it.
func backlog(t *testing.T, queue string, n, size int, cfg *conn.Config) (context.Context, *conn.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // only what hangs takes that long
	t.Cleanup(cancel)
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	cfg.ReceiptTimeout = time.Hour
	c, err := conn.Dial(ctx, srv.URI(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	p, err := c.NewProducer(conn.ProducerConfig{Destination: queue})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if _, err := p.Send(ctx, bytes.Repeat([]byte{'x'}, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx, c
}

// work has workers take n messages.
func work(ctx context.Context, sub *conn.Subscription, workers, n int, each func(m *conn.Message) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var left atomic.Int64
	left.Store(int64(n))
	enough := errors.New("all are done")
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for m, err := range sub.All(ctx) {
				if err == nil {
					err = each(m)
				}
				if err != nil {
					stop(fmt.Errorf("%d messages are left: %w", left.Load(), err))
					return
				}
				if left.Add(-1) == 0 {
					stop(enough)
				}
			}
		})
	}
	wg.Wait()
	if why := context.Cause(ctx); why != enough {
		return why
	}
	return nil
}

// The RECEIPT of COMMIT comes on the connection that fills the queue, and a full queue must not keep it from workers
// that all wait for it.
func TestWorkersCommitOverABacklog(t *testing.T) {
	for _, tc := range []struct {
		name    string
		ack     frame.AckMode
		workers int // one in mode client, where an ACK covers what other workers have in hand
		n, size int
		oneConn bool
	}{
		{name: "messages", ack: frame.AckClientIndividual, workers: 4, n: 3000, size: 8},
		{name: "messages, one by one", ack: frame.AckClient, workers: 1, n: 1500, size: 8},
		{name: "bytes", ack: frame.AckClientIndividual, workers: 4, n: 150, size: 64 << 10},
		{name: "bytes, one by one", ack: frame.AckClient, workers: 1, n: 150, size: 64 << 10},
		{name: "one connection", ack: frame.AckClientIndividual, workers: 4, n: 1500, size: 8, oneConn: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, c := backlog(t, "/queue/orders", tc.n, tc.size, &conn.Config{OneConnection: tc.oneConn})
			orders, err := c.Consume(ctx, "/queue/orders", conn.SubscribeOptions{Ack: tc.ack})
			if err != nil {
				t.Fatal(err)
			}
			err = work(ctx, orders, tc.workers, tc.n, func(m *conn.Message) error {
				tx, err := m.Begin(ctx)
				if err == nil {
					err = tx.Send(ctx, "/queue/bills", []byte("bill"))
				}
				if err == nil {
					err = tx.Ack(m.Token())
				}
				if err == nil {
					err = tx.Commit(ctx)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Other calls that wait for an answer on that connection end, too.
func TestCallsOverABacklog(t *testing.T) {
	const n = 150
	calls := map[string]func(ctx context.Context, c *conn.Client, p *conn.Producer) error{
		"Subscribe and Unsubscribe": func(ctx context.Context, c *conn.Client, _ *conn.Producer) error {
			sub, err := c.Consume(ctx, "/queue/other", conn.SubscribeOptions{})
			if err == nil {
				err = sub.Unsubscribe(ctx)
			}
			return err
		},
		"SendReceipt": func(ctx context.Context, c *conn.Client, _ *conn.Producer) error {
			return c.SendReceipt(ctx, "/queue/other", nil)
		},
		"Producer": func(ctx context.Context, _ *conn.Client, p *conn.Producer) error {
			_, err := p.Send(ctx, nil)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			ctx, c := backlog(t, "/queue/a", n, 64<<10, &conn.Config{OneConnection: true})
			sub, err := c.Consume(ctx, "/queue/a", conn.SubscribeOptions{Ack: frame.AckClientIndividual})
			if err != nil {
				t.Fatal(err)
			}
			p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/other", Window: 1})
			if err != nil {
				t.Fatal(err)
			}
			err = work(ctx, sub, 2, n, func(m *conn.Message) error {
				if err := call(ctx, c, p); err != nil {
					return err
				}
				return m.Ack()
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A full queue holds its connection while the broker owes no answer. When it owes one, the connection is read in the
// modes client and client-individual; in mode auto nothing bounds what comes, and the call waits.
func TestAnswersBehindAFullQueue(t *testing.T) {
	for _, ack := range []frame.AckMode{frame.AckAuto, frame.AckClient, frame.AckClientIndividual} {
		t.Run(ack.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				co, c, s := consume(t, conn.SubscribeOptions{MaxBytes: 5000, Ack: ack})
				b := s.latest()
				next := 0
				deliver := func() {
					b.say(message("1", fmt.Sprint("m", next), strings.Repeat("x", 1000)))
					next++
				}
				for range 5 {
					deliver()
				}
				call := async(func() error { return c.SendReceipt(t.Context(), "/queue/b", nil) })
				synctest.Wait()
				select {
				case err := <-call:
					if err != nil || ack == frame.AckAuto {
						t.Fatalf("answered before a message was taken: %v", err)
					}
				default:
					if ack != frame.AckAuto {
						t.Fatal("the answer is not read")
					}
				}
				if ack == frame.AckAuto {
					for range 5 { // half of the queue is free on the way
						m, err := co.Next(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						m.Release()
					}
					if err := <-call; err != nil {
						t.Errorf("the call: %v", err)
					}
					return
				}
				var more atomic.Int64
				go func() {
					for range 20 {
						deliver()
						more.Add(1)
					}
				}()
				time.Sleep(time.Minute)
				if n := more.Load(); n > 2 {
					t.Errorf("%d more messages were read when the broker owed nothing any more", n)
				}
				for i := range 25 {
					m, err := co.Next(t.Context())
					if err != nil || string(m.Header.Get("message-id")) != fmt.Sprint("m", i) {
						t.Fatalf("message %d: %v", i, err)
					}
					m.Release()
				}
			})
		})
	}
}

// Consume asks for no more messages than its queue takes, where the broker counts messages and gets them back.
func TestConsumePrefetch(t *testing.T) {
	acked := conn.SubscribeOptions{Ack: frame.AckClientIndividual, MaxMessages: 7}
	with := func(change func(o *conn.SubscribeOptions)) conn.SubscribeOptions {
		o := acked
		change(&o)
		return o
	}
	header1 := func(name string) conn.SubscribeOptions {
		return with(func(o *conn.SubscribeOptions) { o.Headers = []frame.Field{{Name: name, Value: "3"}} })
	}
	const rabbit, classic, artemis, ours = "RabbitMQ/3.10.8", "ActiveMQ/5.17.2", "ActiveMQ-Artemis/2.44.0", "stompwire/1"
	for name, tc := range map[string]struct {
		server, queue string
		opts          conn.SubscribeOptions
		want          string
	}{
		"RabbitMQ":       {rabbit, "/queue/a", acked, "prefetch-count:7"},
		"RabbitMQ topic": {rabbit, "/topic/a", acked, "prefetch-count:7"},
		"mode client":    {rabbit, "/queue/a", with(func(o *conn.SubscribeOptions) { o.Ack = frame.AckClient }), "prefetch-count:7"},
		"the default":    {rabbit, "/queue/a", with(func(o *conn.SubscribeOptions) { o.MaxMessages = 0 }), "prefetch-count:1000"},
		"ActiveMQ":       {classic, "/queue/a", acked, "activemq.prefetchSize:7"},
		"ActiveMQ topic": {classic, "/topic/a", acked, ""}, // which it may drop messages of
		"Artemis":        {artemis, "/queue/a", acked, ""}, // which counts bytes
		"embedded":       {ours, "/queue/a", acked, "prefetch-count:7"},
		"unknown":        {"tiny", "/queue/a", acked, ""},
		"mode auto":      {rabbit, "/queue/a", with(func(o *conn.SubscribeOptions) { o.Ack = frame.AckAuto }), ""},
		"dropping":       {rabbit, "/queue/a", with(func(o *conn.SubscribeOptions) { o.DropOverflow = true }), ""},
		"a header":       {rabbit, "/queue/a", header1("prefetch-count"), "prefetch-count:3"},
		"another header": {ours, "/queue/a", header1("activemq.prefetchSize"), "activemq.prefetchSize:3"},
		"a hint": {rabbit, "/queue/a", with(func(o *conn.SubscribeOptions) { o.Hints = []dialect.Hint{dialect.Prefetch(9)} }),
			"prefetch-count:9"},
		"HeadersFunc": {rabbit, "/queue/a", with(func(o *conn.SubscribeOptions) {
			o.HeadersFunc = func() []frame.Field { return []frame.Field{{Name: "prefetch-count", Value: "1"}} }
		}), "prefetch-count:1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t, server: tc.server}
				c := s.connected(conn.Config{})
				if _, err := c.Consume(t.Context(), tc.queue, tc.opts); err != nil {
					t.Fatal(err)
				}
				var got []string
				for line := range strings.Lines(s.frames("SUBSCRIBE")[0]) {
					if strings.Contains(line, "prefetch") || strings.Contains(line, "window") {
						got = append(got, strings.TrimSuffix(line, "\n"))
					}
				}
				if strings.Join(got, " ") != tc.want {
					t.Errorf("SUBSCRIBE has %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// A subscription with a handler has no queue, and asks for nothing.
func TestSubscribeHasNoPrefetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, server: "RabbitMQ/3.10.8"}
		c := s.connected(conn.Config{})
		opts := conn.SubscribeOptions{Ack: frame.AckClientIndividual}
		if _, err := c.Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) {}, opts); err != nil {
			t.Fatal(err)
		}
		if text := s.frames("SUBSCRIBE")[0]; strings.Contains(text, "prefetch") {
			t.Errorf("sent %q", text)
		}
	})
}

// Workers end at once when their context has ended, although messages wait.
func TestNextLooksAtItsContext(t *testing.T) {
	for _, ack := range []frame.AckMode{frame.AckAuto, frame.AckClientIndividual} {
		synctest.Test(t, func(t *testing.T) {
			co, _, s := consume(t, conn.SubscribeOptions{Ack: ack})
			for i := range 3 {
				s.latest().say(message("1", fmt.Sprint("m", i), "x"))
			}
			synctest.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var got []string
			var last error
			for m, err := range co.All(ctx) {
				if last = err; err == nil {
					got = append(got, string(m.Header.Get("message-id")))
				}
				cancel()
			}
			if len(got) != 1 || !errors.Is(last, context.Canceled) {
				t.Errorf("got %q, then %v", got, last)
			}
			if m, err := co.Next(ctx); m != nil || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, %v", m, err)
			}
			m, err := co.Next(t.Context())
			if err != nil || string(m.Header.Get("message-id")) != "m1" {
				t.Fatalf("the next message is lost: %v", err)
			}
			m.Release()
			if err := co.Unsubscribe(t.Context()); err != nil {
				t.Error(err)
			}
			for ack == frame.AckAuto {
				m, err := co.Next(t.Context())
				if err != nil {
					break
				}
				m.Release()
			}
		})
	}
}
