package ws_test

import (
	"context"
	"log"
	"net/http"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
)

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
