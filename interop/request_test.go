package interop_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// R9. Each of many requests at a time gets the reply to it, with the options that a client has by default.
func TestR9Request(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		server, q := tg.dialClient(t, nil), queue()
		_, err := server.Subscribe(within(t), q, func(ctx context.Context, m *conn.Message) {
			body, to := "re: "+string(m.Body), m.Header.Text("reply-to")
			id := frame.Field{Name: "correlation-id", Value: m.Header.Text("correlation-id")}
			if err := server.Send(ctx, to, []byte(body), id); err != nil {
				t.Error(err)
			}
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c := tg.dialClient(t, nil)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				body := fmt.Sprint("request ", i)
				m, err := c.Request(within(t), q, []byte(body))
				if err != nil {
					t.Errorf("%s: %v", body, err)
					return
				}
				if string(m.Body) != "re: "+body {
					t.Errorf("reply %q to %q", m.Body, body)
				}
				m.Release()
			})
		}
		all.Wait()
		disconnect(t, c)
		disconnect(t, server)
	})
}

// R9. A client answers its own requests, and waits for a reply in a handler.
func TestR9RequestToItself(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dialClient(t, nil), queue()
		_, err := c.Subscribe(within(t), q, func(ctx context.Context, m *conn.Message) {
			id := frame.Field{Name: "correlation-id", Value: m.Header.Text("correlation-id")}
			if err := c.Send(ctx, m.Header.Text("reply-to"), m.Body, id); err != nil {
				t.Error(err)
			}
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		asker, start := tg.dialClient(t, nil), queue()
		got := make(chan error, 1)
		_, err = asker.Subscribe(within(t), start, func(ctx context.Context, _ *conn.Message) {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			_, err := asker.Request(ctx, q, []byte("in a handler"))
			got <- err
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			m, err := c.Request(within(t), q, []byte("to itself"))
			if err != nil || string(m.Body) != "to itself" {
				t.Fatalf("to itself: %v", err)
			}
			if err := c.Send(within(t), start, nil); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-got:
				if err != nil {
					t.Errorf("in a handler: %v", err)
				}
			case <-within(t).Done():
				t.Fatal("the handler does not return")
			}
		}
		disconnect(t, asker)
		disconnect(t, c)
	})
}

// R9. A request without a reply ends with its context. Its error leaves open whether the request
// was handled.
func TestR9RequestWithoutReply(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c := tg.dialClient(t, nil)
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_, err := c.Request(ctx, queue(), nil)
		if !errors.Is(err, conn.ErrUnknownOutcome) && !errors.Is(err, conn.ErrNotSent) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Request: %v", err)
		}
		disconnect(t, c)
	})
}
