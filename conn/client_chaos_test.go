package conn_test

import (
	"context"
	"errors"
	"net"
	"strings"
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
	cl, err := conn.NewClient(conn.ClientConfig{
		Dial: p.dial, Attempts: -1, OneConnection: one,
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
	return err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, conn.ErrUnknownOutcome) || errors.Is(err, conn.ErrUnsubscribed) ||
		errors.Is(err, conn.ErrNotConnected) || errors.Is(err, conn.ErrWouldBlock) || errors.Is(err, conn.ErrTransactionDone) ||
		errors.Is(err, conn.ErrConsumerClosed) || errors.As(err, new(*conn.ServerError)) || // of a transaction that was cut off
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
				if err := cl.Start(); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
				defer cancel()
				var rounds atomic.Int64
				var all sync.WaitGroup
				again := func(what string, call func() error) {
					all.Go(func() {
						for cl.Err() == nil {
							if err := call(); !known(err) {
								t.Errorf("%s: %v", what, err)
							}
							rounds.Add(1)
						}
					})
				}
				var outcomes, sent atomic.Int64
				p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", Window: 20, ReceiptEvery: 5, Redeliver: true,
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
				again("SendFromReceipt", func() error {
					return cl.SendFromReceipt(ctx, "/topic/nobody", &pattern{length: 5000}, 5000)
				})
				again("Subscribe", func() error {
					sub, err := cl.Subscribe(ctx, "/queue/a", func(ctx context.Context, m *conn.Message) {
						if err := m.Ack(); !known(err) {
							t.Error("Ack: ", err)
						}
						if err := cl.Send(ctx, "/topic/nobody", m.Body); !known(err) {
							t.Error("Send in a handler: ", err)
						}
						if err := cl.SendReceipt(ctx, "/topic/nobody", m.Body); !known(err) {
							t.Error("SendReceipt in a handler: ", err)
						}
					}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
					if err != nil {
						return err
					}
					return sub.Unsubscribe(ctx)
				})
				again("Consume", func() error {
					co, err := cl.Consume(ctx, "/queue/b", conn.ConsumeOptions{MaxMessages: 3})
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
					return co.Close(short)
				})
				again("Tx", func() error {
					tx, err := cl.Begin(ctx, "")
					if err != nil {
						return err
					}
					if err := tx.SendConfirmed(ctx, "/topic/nobody", []byte("x")); err != nil {
						return err
					}
					return tx.Commit(ctx)
				})
				waitUntil(t, func() bool { return rounds.Load() > 2000 })
				if err := end(cl); !known(err) {
					t.Error(err)
				}
				<-cl.Done()
				all.Wait()
				if err := p.Flush(ctx); err != nil || outcomes.Load() != sent.Load() {
					t.Errorf("%v: %d outcomes of %d sends", err, outcomes.Load(), sent.Load())
				}
			})
		}
	}
}

// Under a context that has ended every call returns at once, nothing is sent, and the client is as good as before.
func TestCallsUnderAnEndedContext(t *testing.T) {
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	dial := func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
		return conn.Dial(ctx, srv.Addr().String(), cfg)
	}
	if _, err := dial(ended, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial: %v", err)
	}
	c, err := dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cl, err := conn.NewClient(conn.ClientConfig{Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cl.Close()
		<-cl.Done()
	}()
	if err := cl.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 10})
	if err != nil {
		t.Fatal(err)
	}
	pc, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a"})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := c.Begin(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	before, beforeClient := c.Stats().FramesOut, cl.Stats().FramesOut
	for name, call := range map[string]func() error{
		"Conn.Send":              func() error { return c.Send(ended, "/queue/a", nil) },
		"Conn.SendText":          func() error { return c.SendText(ended, "/queue/a", nil) },
		"Conn.SendReceipt":       func() error { return c.SendReceipt(ended, "/queue/a", nil) },
		"Conn.SendTextReceipt":   func() error { return c.SendTextReceipt(ended, "/queue/a", nil) },
		"Conn.SendFrom":          func() error { return c.SendFrom(ended, "/queue/a", strings.NewReader(""), 0) },
		"Conn.SendFromReceipt":   func() error { return c.SendFromReceipt(ended, "/queue/a", strings.NewReader(""), 0) },
		"Conn.Subscribe":         func() error { _, err := c.Subscribe(ended, "/queue/a", ignore, conn.SubscribeOptions{}); return err },
		"Conn.Consume":           func() error { _, err := c.Consume(ended, "/queue/a", conn.ConsumeOptions{}); return err },
		"Conn.Begin":             func() error { _, err := c.Begin(ended, ""); return err },
		"Tx.Send":                func() error { return tx.Send(ended, "/queue/a", nil) },
		"Tx.SendConfirmed":       func() error { return tx.SendConfirmed(ended, "/queue/a", nil) },
		"Tx.Commit":              func() error { return tx.Commit(ended) },
		"Tx.Abort":               func() error { return tx.Abort(ended) },
		"Producer.Send":          func() error { _, err := p.Send(ended, nil); return err },
		"ClientProducer.Send":    func() error { _, err := pc.Send(ended, nil); return err },
		"Client.Send":            func() error { return cl.Send(ended, "/queue/a", nil) },
		"Client.SendReceipt":     func() error { return cl.SendReceipt(ended, "/queue/a", nil) },
		"Client.SendFrom":        func() error { return cl.SendFrom(ended, "/queue/a", strings.NewReader(""), 0) },
		"Client.SendFromReceipt": func() error { return cl.SendFromReceipt(ended, "/queue/a", strings.NewReader(""), 0) },
		"Client.Begin":           func() error { _, err := cl.Begin(ended, ""); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) || errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, nc := c.Stats().FramesOut-before, cl.Stats().FramesOut-beforeClient; n != 0 || nc != 0 {
		t.Errorf("%d and %d frames were sent", n, nc)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Errorf("Commit after one that was not sent: %v", err)
	}
	for name, flush := range map[string]func(context.Context) error{"Producer": p.Flush, "ClientProducer": pc.Flush} {
		for range 20 { // whatever a select picks
			if err := flush(ended); err != nil {
				t.Errorf("%s.Flush of nothing: %v", name, err)
			}
		}
	}
	if _, err := cl.Subscribe(ended, "/queue/a", ignore, conn.SubscribeOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Client.Subscribe: %v", err)
	}
	if err := cl.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
		t.Errorf("the client is of no use any more: %v", err)
	}
	if err := c.Disconnect(ended); err != nil {
		t.Errorf("Disconnect with nothing owed: %v", err)
	}
}
