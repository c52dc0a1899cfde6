package conn_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn/next"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// Headers that the client sets itself are refused. Nothing is sent, and the connection is as good as before.
func TestReservedHeaders(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	ctx := t.Context()
	tx, err := c.Begin(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	b.read()
	p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 1})
	m := received(t, c, b, frame.AckClient)
	h := func(name string) frame.Field { return frame.Field{Name: name, Value: "~1"} } // which may be a receipt of ours
	ok := frame.Field{Name: "x", Value: "x"}
	for what, c := range map[string]struct {
		call  func(name string) error
		names []string
	}{
		"Send":        {func(name string) error { return c.Send(ctx, "/queue/a", nil, ok, h(name)) }, []string{"receipt", "destination"}},
		"SendReceipt": {func(name string) error { return c.SendReceipt(ctx, "/queue/a", nil, ok, h(name)) }, []string{"receipt", "destination"}},
		"SendFrom": {func(name string) error { return c.SendFrom(ctx, "/queue/a", bytes.NewReader(nil), 0, ok, h(name)) },
			[]string{"receipt", "destination"}},
		"Request": {func(name string) error { _, err := c.Request(ctx, "/queue/a", nil, ok, h(name)); return err },
			[]string{"receipt", "destination", "reply-to"}},
		"Subscribe": {func(name string) error {
			_, err := c.Subscribe(ctx, "/queue/a", ignore, conn.SubscribeOptions{Headers: []frame.Field{ok, h(name)}})
			return err
		}, []string{"receipt", "id", "destination", "ack"}},
		"Tx.Send": {func(name string) error { return tx.Send(ctx, "/queue/a", nil, ok, h(name)) },
			[]string{"receipt", "transaction", "destination"}},
		"Message.Ack":  {func(name string) error { return m.Ack(ok, h(name)) }, []string{"receipt"}},
		"Message.Nack": {func(name string) error { return m.Nack(ok, h(name)) }, []string{"receipt"}},
		"Producer.Send": {func(name string) error { _, err := p.Send(ctx, nil, ok, h(name)); return err },
			[]string{"receipt", "transaction", "content-length", "destination"}},
		"NewProducer": {func(name string) error {
			_, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Headers: []frame.Field{ok, h(name)}})
			return err
		}, []string{"receipt", "transaction", "content-length", "destination"}},
	} {
		for _, name := range c.names {
			var bad *writer.HeaderError
			if err := c.call(name); !errors.As(err, &bad) || !errors.Is(err, writer.ErrRefused) || bad.Name != name || bad.Index != 1 {
				t.Errorf("%s with %s: %v", what, name, err)
			}
		}
	}
	if err := c.Send(ctx, "/queue/b", nil); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/b\n\n^@")
}

// A length that no frame can have is refused like any that is too large.
func TestSendFromWithoutEnd(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{MaxFrameSize: 100_000})
	for _, length := range []int64{math.MaxInt64, math.MaxInt64 - 10, -1} {
		err := c.SendFrom(t.Context(), "/queue/a", bytes.NewReader(make([]byte, 200_000)), length)
		if !errors.Is(err, writer.ErrRefused) || c.Err() != nil {
			t.Fatalf("%d: %v, %v", length, err, c.Err())
		}
	}
	if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/b\n\n^@")
}

// The context of a handler ends with its connection. A send on another connection with it says that the context has ended, and
// not that there is no connection.
func TestSendWithTheContextOfALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a"})
		lost := make(chan context.Context, 1)
		_, err := c.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, _ *conn.Message) { lost <- ctx }, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		consumer := s.latest()
		consumer.say(message("1", "1", "x"))
		ctx := <-lost
		_ = consumer.nc.Close()
		<-ctx.Done()
		synctest.Wait()
		_, sent := p.Send(ctx, nil)
		for what, err := range map[string]error{"Producer.Send": sent, "Send": c.Send(ctx, "/queue/a", nil)} {
			if !errors.Is(err, context.Canceled) || errors.Is(err, conn.ErrNotConnected) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
