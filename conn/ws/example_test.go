package ws_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/stompwire/stompwire/broker"
	brokerws "github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
)

// A session over a WebSocket, with the embedded broker in place of yours.
func ExampleClient() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := broker.New(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	uri, err := brokerws.Listen(b, "127.0.0.1:0", brokerws.Options{}) // ws://127.0.0.1:15674/ws
	if err != nil {
		log.Fatal(err)
	}

	c, err := conn.Dial(ctx, uri, &conn.Config{WebSocket: ws.Client})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	got := make(chan string, 1)
	handle := func(_ context.Context, m *conn.Message) { got <- string(m.Body) }
	if _, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{}); err != nil {
		log.Fatal(err)
	}
	if err := c.Send(ctx, "/queue/orders", []byte("two teas")); err != nil {
		log.Fatal(err)
	}
	fmt.Println("received:", <-got)
	if err := c.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: received: two teas
}

// RabbitMQ's Web STOMP.
func Example() {
	c, err := conn.Dial(context.Background(), "wss://guest:guest@broker.example:15673/ws", &conn.Config{WebSocket: ws.Client})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}

// A server behind a gateway that wants a token and an Origin, and reads text messages only.
func ExampleOptions() {
	options := ws.Options{
		Messages: ws.Text,
		Header:   http.Header{"Origin": {"https://app.example"}, "Authorization": {"Bearer ..."}},
	}
	c, err := conn.Dial(context.Background(), "wss://app.example/stomp", &conn.Config{WebSocket: options.Client})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}
