package conn_test

import (
	"context"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// Of a client that has ended, and of what it made, nothing keeps a connection in memory.
func TestEndedClientKeepsNoConnection(t *testing.T) {
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	for name, end := range map[string]func(cl *conn.Client) error{
		"Close":      func(cl *conn.Client) error { return cl.Close() },
		"Disconnect": func(cl *conn.Client) error { return cl.Disconnect(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			made := make(chan weak.Pointer[conn.Conn], 10)
			cl, err := conn.NewClient(conn.ClientConfig{
				Dial: func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
					c, err := conn.Dial(ctx, srv.Addr().String(), cfg)
					if err == nil {
						made <- weak.Make(c)
					}
					return c, err
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := cl.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			sub, err := cl.Subscribe(t.Context(), "/queue/"+name, ignore, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
			if err != nil {
				t.Fatal(err)
			}
			p, _ := newProducer(t, cl, conn.ClientProducerConfig{Redeliver: true})
			sendAll(t, p, "1", "2")
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := end(cl); err != nil {
				t.Fatal(err)
			}
			<-cl.Done()
			close(made)
			for c := range made {
				waitUntil(t, func() bool {
					runtime.GC()
					return c.Value() == nil
				})
			}
			if stats := cl.Stats(); stats.FramesOut == 0 || stats.Queued != 0 {
				t.Errorf("%+v", stats)
			}
			if err := sub.Unsubscribe(t.Context()); err != nil {
				t.Error(err)
			}
			runtime.KeepAlive(p)
		})
	}
}

// stuck is a connection whose writes, from some time on, do not even return when it is closed.
type stuck struct {
	net.Conn
	from, release chan struct{} // closed, when it is time
}

func (s stuck) Write(p []byte) (int, error) {
	select {
	case <-s.from:
		<-s.release
	default:
	}
	return s.Conn.Write(p)
}

// What waited in the outbox of a connection that was lost does not count as waiting for ever.
func TestClientStatsAfterALossCountNothingQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, release := make(chan struct{}), make(chan struct{})
		s := &fakeServer{t: t}
		dials := 0
		cl, err := conn.NewClient(conn.ClientConfig{Dial: func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
			if dials++; dials > 1 {
				return s.dial(ctx, cfg)
			}
			client, server := net.Pipe()
			go s.serve(s.take(server))
			own := *cfg
			own.Driver = pump.Driver{}
			return conn.Open(ctx, stuck{client, from, release}, &own)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := cl.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		close(from)
		for range 2 {
			if err := cl.Send(t.Context(), "/queue/a", nil); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if cl.Stats().Queued == 0 {
			t.Error("nothing waits")
		}
		s.cut()
		synctest.Wait() // the client knows
		if err := cl.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
			t.Error(err)
		}
		if stats := cl.Stats(); stats.Queued != 0 {
			t.Errorf("%+v", stats)
		}
		close(release)
		s.end(cl)
	})
}
