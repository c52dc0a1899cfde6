package ws_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
)

// A session over a WebSocket, with a broker behind an HTTP server in place of yours.
func ExampleClient() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := broker.New(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"v12.stomp"}})
		if err == nil {
			b.ServeConn(websocket.NetConn(context.Background(), c, websocket.MessageBinary))
		}
	}))
	defer server.Close()
	defer b.Close()

	d, err := conn.ParseURI("ws" + strings.TrimPrefix(server.URL, "http") + "/stomp")
	if err != nil {
		log.Fatal(err)
	}
	d.WebSocket = ws.Options{Messages: ws.Binary}.Client // or just ws.Client
	c, err := d.Dial(ctx, nil)
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
	d, err := conn.ParseURI("wss://guest:guest@broker.example:15673/ws")
	if err != nil {
		log.Fatal(err)
	}
	d.WebSocket = ws.Client
	c, err := d.Dial(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}

// A server behind a gateway that wants a token, and to know who asks.
func ExampleOptions() {
	d := conn.Dialer{
		Addresses: []conn.Address{{Transport: conn.TransportWSS, Host: "app.example", Path: "/stomp"}},
		WebSocket: ws.Options{
			Messages: ws.Text,
			Header:   http.Header{"Origin": {"https://app.example"}, "Authorization": {"Bearer ..."}},
		}.Client,
	}
	c, err := d.Dial(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}
