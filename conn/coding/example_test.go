package coding_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/coding"
	"github.com/stompwire/stompwire/frame"
)

func ExampleEncoder_Send() {
	c, err := conn.Dial(context.Background(), "127.0.0.1:61613", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	enc, err := coding.NewEncoder(coding.EncoderConfig{Coding: coding.Zstd})
	if err != nil {
		log.Fatal(err)
	}
	body := []byte(strings.Repeat("a body that is worth it ", 100))
	if err := enc.Send(context.Background(), c, "/queue/orders", body); err != nil {
		log.Fatal(err)
	}
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
		// A broker would deliver it like that.
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
