package ws_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/conn"
	client "github.com/stompwire/stompwire/conn/ws"
)

// A broker for the tests of a program that speaks STOMP over WebSocket.
func ExampleListen() {
	b, err := broker.Start(broker.Config{}) // for TCP
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	uri, err := ws.Listen(b, "127.0.0.1:0", ws.Options{Origins: []string{"localhost:*"}})
	if err != nil {
		log.Fatal(err)
	}

	c, err := conn.Dial(context.Background(), uri, &conn.Config{WebSocket: client.Client})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.Sessions()[0].Version)
	// Output: 1.2
}

// WebSockets next to other things that a server has.
func ExampleHandler() {
	b, err := broker.New(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	h, err := ws.Handler(b, ws.Options{})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/stomp", h)
	mux.Handle("/", http.FileServer(http.Dir("static")))
	s := httptest.NewServer(mux)
	defer s.Close()
	fmt.Println("ws" + strings.TrimPrefix(s.URL, "http") + "/stomp")
}
