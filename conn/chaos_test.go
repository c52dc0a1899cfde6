package conn_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// chaosClient returns a client of an embedded broker behind a proxy that cuts each connection after a while.
func chaosClient(t *testing.T, one bool) *conn.Client {
	t.Helper()
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	p := startCutter(t, srv.Addr().String(), 30_000)
	cl, err := conn.New(p.uri(), &conn.Config{
		Attempts: -1, OneConnection: one,
		Backoff: conn.Backoff{Initial: time.Millisecond, Max: 5 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cl.Close()
		<-cl.Done()
	})
	return cl
}

// known says whether err is one that a call may return while connections come and go.
func known(err error) bool {
	return err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, conn.ErrUnknownOutcome) || errors.Is(err, conn.ErrNotSent) ||
		errors.Is(err, conn.ErrNotConnected) || errors.Is(err, conn.ErrWouldBlock) ||
		errors.As(err, new(*conn.ServerError)) || // of a transaction that was cut off
		errors.Is(err, context.DeadlineExceeded)
}

// Everything at once, over connections that are cut all the time, until the client is ended in the midst of it: every call
// returns, with an error that is told, every send has one outcome, and no goroutine is left.
func TestClientEndsInTheMidstOfEverything(t *testing.T) {
	for name, end := range map[string]func(cl *conn.Client) error{
		"Close":      func(cl *conn.Client) error { return cl.Close() },
		"Disconnect": func(cl *conn.Client) error { return cl.Disconnect(context.Background()) },
	} {
		for _, one := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				cl := chaosClient(t, one)
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
				defer cancel()
				var rounds atomic.Int64
				enough := make(chan struct{})
				var all sync.WaitGroup
				again := func(what string, call func() error) {
					all.Go(func() {
						for cl.Err() == nil {
							if err := call(); !known(err) {
								t.Errorf("%s: %v", what, err)
							}
							if rounds.Add(1) == 2000 {
								close(enough)
							}
						}
					})
				}
				var outcomes, sent atomic.Int64
				p, err := cl.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 20, Redeliver: true,
					OnOutcome: func(conn.Outcome) { outcomes.Add(1) }})
				if err != nil {
					t.Fatal(err)
				}
				again("Producer.Send", func() error {
					_, err := p.Send(ctx, []byte("x"))
					if err == nil {
						sent.Add(1)
					}
					return err
				})
				again("Send", func() error { return cl.Send(ctx, "/queue/b", []byte("x")) })
				again("SendReceipt", func() error { return cl.SendReceipt(ctx, "/queue/b", []byte("x")) })
				again("SendFrom", func() error {
					return cl.SendFrom(ctx, "/topic/nobody", &pattern{length: 5000}, 5000)
				})
				again("Subscribe", func() error {
					sub, err := cl.Subscribe(ctx, "/queue/a", func(ctx context.Context, m *conn.Message) {
						if err := m.Ack(); !known(err) {
							t.Error("Ack: ", err)
						}
						if err := cl.Send(ctx, "/topic/nobody", m.Body); !known(err) && ctx.Err() == nil {
							t.Error("Send in a handler: ", err)
						}
						if err := cl.SendReceipt(ctx, "/topic/nobody", m.Body); !known(err) && ctx.Err() == nil {
							t.Error("SendReceipt in a handler: ", err)
						}
					}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
					if err != nil {
						return err
					}
					return sub.Unsubscribe(ctx)
				})
				again("Consume", func() error {
					co, err := cl.Consume(ctx, "/queue/b", conn.SubscribeOptions{MaxMessages: 3})
					if err != nil {
						return err
					}
					short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
					defer cancel()
					n := 0
					for _, err := range co.All(short) {
						if n++; err != nil || n == 5 {
							break
						}
					}
					err = co.Unsubscribe(short)
					for { // in mode auto what had come waits for Next, and keeps pooled memory
						m, ended := co.Next(ctx)
						if ended != nil {
							return err
						}
						m.Release()
					}
				})
				_, err = cl.Subscribe(ctx, "/queue/rpc", func(ctx context.Context, m *conn.Message) {
					if err := cl.Send(ctx, m.Header.Text("reply-to"), m.Body, frame.Field{Name: "correlation-id", Value: m.Header.Text("correlation-id")}); !known(err) && ctx.Err() == nil {
						t.Error("Send of a reply: ", err)
					}
				}, conn.SubscribeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				again("Request", func() error {
					short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
					defer cancel()
					_, err := cl.Request(short, "/queue/rpc", []byte("x"))
					return err
				})
				again("Tx", func() error {
					tx, err := cl.Begin(ctx, "")
					if err != nil {
						return err
					}
					if err := tx.Send(ctx, "/topic/nobody", []byte("x")); err != nil {
						return err
					}
					return tx.Commit(ctx)
				})
				<-enough
				if err := end(cl); err != nil && !errors.As(err, new(*conn.OutcomeError)) && !known(err) {
					t.Error(err)
				}
				<-cl.Done()
				all.Wait()
				var some *conn.OutcomeError
				if err := p.Flush(ctx); err != nil && !errors.As(err, &some) || outcomes.Load() != sent.Load() {
					t.Errorf("%v: %d outcomes of %d sends", err, outcomes.Load(), sent.Load())
				}
			})
		}
	}
}
