package conn_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// Disconnect ends a client that has one connection and is still dialling another.
func TestDisconnectWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		dials := 0
		c, err := conn.New("broker:1", &conn.Config{
			DialFunc: func(ctx context.Context, network, address string) (net.Conn, error) {
				if dials++; dials == 1 {
					return s.dial(ctx, network, address)
				}
				<-ctx.Done()
				return nil, context.Cause(ctx)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		subscribed := make(chan error, 1)
		go func() {
			_, err := c.Subscribe(context.Background(), "/queue/a", func(context.Context, *conn.Message) {}, conn.SubscribeOptions{})
			subscribed <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.Disconnect(ctx); err != nil {
			t.Error(err)
		}
		if err := <-subscribed; err == nil {
			t.Error("subscribed, though there was no connection")
		}
	})
}
