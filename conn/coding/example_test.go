package coding_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/coding"
	"github.com/stompwire/stompwire/frame"
)

// The sender compresses, and the receiver's handler gets the body as it was.
func ExampleEncoder_Send() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := broker.Start(broker.Config{}) // or any broker that you have
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	c, err := conn.Dial(ctx, b.URI(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	got := make(chan string)
	handle := func(_ context.Context, m *conn.Message) {
		got <- fmt.Sprintf("%.10s... of %d bytes, %s", m.Body, len(m.Body), m.Header.Get(coding.Header))
	}
	undecodable := func(_ context.Context, _ *conn.Message, err error) { log.Print(err) }
	h := coding.Handler(handle, undecodable, 4<<20)
	if _, err := c.Subscribe(ctx, "/queue/orders", h, conn.SubscribeOptions{}); err != nil {
		log.Fatal(err)
	}

	enc, err := coding.NewEncoder(coding.EncoderConfig{Coding: coding.Zstd})
	if err != nil {
		log.Fatal(err)
	}
	if err := enc.Send(ctx, c, "/queue/orders", []byte(strings.Repeat("two teas, ", 100))); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-got)
	// Output: two teas, ... of 1000 bytes, zstd
}

func ExampleHandler() {
	h := coding.Handler(
		func(_ context.Context, m *conn.Message) { fmt.Printf("%.10s... of %d bytes\n", m.Body, len(m.Body)) },
		func(_ context.Context, _ *conn.Message, err error) { fmt.Println(err) },
		4000)

	enc, err := coding.NewEncoder(coding.EncoderConfig{Coding: coding.S2})
	if err != nil {
		log.Fatal(err)
	}
	for _, repeat := range []int{300, 300_000} {
		body, _ := enc.AppendEncoded(nil, []byte(strings.Repeat("hello ", repeat)))
		// As a broker delivers it.
		h(context.Background(), &conn.Message{Header: frame.Fields{enc.Field()}.Header(), Body: body})
	}
	// Output:
	// hello hell... of 1800 bytes
	// stomp: s2 body decodes to more than 4000 bytes
}

func ExampleDecode() {
	enc, err := coding.NewEncoder(coding.EncoderConfig{Coding: coding.Gzip, MinSize: -1})
	if err != nil {
		log.Fatal(err)
	}
	body, _ := enc.AppendEncoded(nil, []byte(strings.Repeat("hello ", 100)))
	out, known, err := coding.Decode(nil, body, "gzip", 1<<20)
	fmt.Println(len(out), known, err)
	out, known, err = coding.Decode(nil, body, "br", 1<<20)
	fmt.Println(len(out), known, err)
	// Output:
	// 600 true <nil>
	// 0 false <nil>
}
