package conn_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestSmoke(t *testing.T) {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := conn.Dial(ctx, b.Addr().String(), &conn.Config{Trace: func(_ context.Context, e *conn.Event) {
		t.Log(e.Kind, e.Connection, e.Frame, e.Err)
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 100)
	s, err := c.Subscribe(ctx, "/queue/a", func(_ context.Context, m *conn.Message) { got <- string(m.Body); m.Ack() }, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(ctx, "/queue/a", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := c.SendReceipt(ctx, "/queue/a", []byte("two")); err != nil {
		t.Fatal(err)
	}
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", OnOutcome: func(o conn.Outcome) { fmt.Println(o) }})
	if err != nil {
		t.Fatal(err)
	}
	p.Send(ctx, []byte("three"))
	if err := p.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	tx, err := c.Begin(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	tx.Send(ctx, "/queue/a", []byte("four"))
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		fmt.Println(<-got)
	}
	if err := s.Unsubscribe(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = c.Subscribe(ctx, "/queue/rpc", func(ctx context.Context, m *conn.Message) {
		c.Send(ctx, m.Header.Text("reply-to"), append([]byte("re: "), m.Body...), frame.Field{Name: "correlation-id", Value: m.Header.Text("correlation-id")})
	}, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Request(ctx, "/queue/rpc", []byte("q"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(m.Body), c.Stats(), c.Connected())
	if err := c.Disconnect(ctx); err != nil {
		t.Fatal(err)
	}
	fmt.Println(c.Err(), c.Connected())
}
