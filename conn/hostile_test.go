package conn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// What the client sets itself is refused where it would win, or lose unheard; nothing is sent, and the session is as good
// as before.
func TestReservedHeaders(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	ctx := t.Context()
	tx, err := c.Begin(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	b.read()
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 1})
	if err != nil {
		t.Fatal(err)
	}
	h := func(name string) frame.Field { return frame.Field{Name: name, Value: "x"} }
	ok := h("x")
	type call func(name string) error
	subscribe := func(name string) error {
		_, err := c.Subscribe(ctx, "/queue/a", ignore, conn.SubscribeOptions{Headers: []frame.Field{ok, h(name)}})
		return err
	}
	refused := map[string]struct {
		call
		names []string
	}{
		"SendReceipt": {func(name string) error { return c.SendReceipt(ctx, "/queue/a", nil, ok, h(name)) }, []string{"receipt", "destination"}},
		"Send":        {func(name string) error { return c.Send(ctx, "/queue/a", nil, ok, h(name)) }, []string{"destination"}},
		"Request": {func(name string) error { _, err := c.Request(ctx, "/queue/a", nil, ok, h(name)); return err },
			[]string{"destination", "reply-to", "correlation-id"}},
		"Subscribe": {subscribe, []string{"receipt", "id", "destination", "ack"}},
		"Tx.Send":   {func(name string) error { return tx.Send(ctx, "/queue/a", nil, ok, h(name)) }, []string{"transaction"}},
		"Producer.Send": {func(name string) error { _, err := p.Send(ctx, nil, ok, h(name)); return err },
			[]string{"receipt", "transaction", "content-length", "destination"}},
		"NewProducer": {func(name string) error {
			_, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Headers: []frame.Field{ok, h(name)}})
			return err
		}, []string{"receipt", "transaction", "content-length", "destination"}},
	}
	for what, c := range refused {
		for _, name := range c.names {
			var bad *writer.HeaderError
			if err := c.call(name); !errors.As(err, &bad) || !errors.Is(err, writer.ErrRefused) ||
				bad.Name != name || bad.Index != 1 {
				t.Errorf("%s with %s: %v", what, name, err)
			}
		}
	}
	if _, err := c.Subscribe(ctx, "/queue/a", ignore, conn.SubscribeOptions{Ack: 7}); err == nil {
		t.Error("there is no ack mode 7")
	}
	if err := c.Send(ctx, "/queue/b", nil); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/b\n\n^@")
}

// A handler's context has ended with its connection. That says nothing of the other one.
func TestSendWithTheContextOfALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		p, err := cl.NewProducer(conn.ProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		lost := make(chan context.Context, 1)
		if _, err := cl.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) { lost <- ctx }, conn.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		consumer := s.latest()
		consumer.say(message("1", "1", "x"))
		ctx := <-lost
		_ = consumer.nc.Close()
		<-ctx.Done()
		synctest.Wait()
		_, sent := p.Send(ctx, nil)
		for what, err := range map[string]error{"Producer.Send": sent, "Send": cl.Send(ctx, "/queue/a", nil)} {
			if !errors.Is(err, context.Canceled) || errors.Is(err, conn.ErrNotConnected) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// Under a context that has ended every call returns at once, nothing but ABORT is sent, and the client is as good as before.
func TestCallsUnderAnEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{OneConnection: true})
		p, err := cl.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Window: 10})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := cl.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.set(func(s *fakeServer) { s.log = nil })
		for name, call := range map[string]func() error{
			"Send":          func() error { return cl.Send(ended, "/queue/a", nil) },
			"SendReceipt":   func() error { return cl.SendReceipt(ended, "/queue/a", nil) },
			"SendFrom":      func() error { return cl.SendFrom(ended, "/queue/a", strings.NewReader(""), 0) },
			"Begin":         func() error { _, err := cl.Begin(ended, ""); return err },
			"Tx.Send":       func() error { return tx.Send(ended, "/queue/a", nil) },
			"Tx.Commit":     func() error { return tx.Commit(ended) },
			"Producer.Send": func() error { _, err := p.Send(ended, nil); return err },
		} {
			if err := call(); !errors.Is(err, context.Canceled) || errors.Is(err, conn.ErrUnknownOutcome) {
				t.Errorf("%s: %v", name, err)
			}
		}
		synctest.Wait()
		if got := s.order(); len(got) != 0 {
			t.Errorf("the broker got %q", got)
		}
		// What would be asked for is undone.
		for name, call := range map[string]func() error{
			"Subscribe": func() error { _, err := cl.Subscribe(ended, "/queue/a", ignore, conn.SubscribeOptions{}); return err },
			"Consume":   func() error { _, err := cl.Consume(ended, "/queue/a", conn.SubscribeOptions{}); return err },
			"Request":   func() error { _, err := cl.Request(ended, "/queue/a", nil); return err },
		} {
			if err := call(); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Errorf("Commit after one that was not sent: %v", err)
		}
		if err := cl.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
			t.Errorf("the client is of no use any more: %v", err)
		}
		if n := len(s.frames("SEND")); n != 1 {
			t.Errorf("%d SENDs", n)
		}
	})
}
