package conn_test

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Fire and forget: each message is on its way when Send returns, and no receipt says whether it has
// arrived. The producer encodes once what all messages have in common. This is the fastest way to
// send. It loses what is on its way when the connection is lost.
func Example_fireAndForget() {
	ctx, c, stop := dialExample()
	defer stop()

	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: "/topic/temperature",
		Headers:     []frame.Field{{Name: "content-type", Value: "text/plain"}},
		Window:      -1, // no receipts
	})
	if err != nil {
		log.Fatal(err)
	}
	for i := range 1000 {
		if _, err := p.Send(ctx, fmt.Appendf(nil, "%d", 20+i%3), frame.Field{Name: "room", Value: "12"}); err != nil {
			log.Fatal(err) // nothing was sent
		}
	}
	if err := c.Disconnect(ctx); err != nil { // writes the outbox first
		log.Fatal(err)
	}
	fmt.Println("sent")
	// Output: sent
}

// A producer keeps a window of sends in flight and reports what became of each.
func ExampleClient_NewProducer() {
	ctx, c, stop := dialExample()
	defer stop()

	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: "/queue/orders",
		Window:      100,
		InOrder:     true,
		OnOutcome:   func(o conn.Outcome) { fmt.Println(o.Seq, o.Status) },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, order := range []string{"tea", "coffee", "water"} {
		if _, err := p.Send(ctx, []byte(order)); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil { // every send has its outcome now
		log.Fatal(err)
	}
	// Output:
	// 1 confirmed
	// 2 confirmed
	// 3 confirmed
}

// At least once: what a lost connection leaves without an outcome is sent again on the next one,
// before anything new, with the same order-id and with x-possible-duplicate. Consumers drop the ids
// that they have seen.
func ExampleProducerConfig_redeliver() {
	ctx, c, stop := dialExample()
	defer stop()

	var confirmed atomic.Int64
	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: "/queue/orders",
		Headers:     []frame.Field{{Name: frame.HeaderPersistent, Value: "true"}},
		Window:      500, // in flight at a time
		Redeliver:   true,
		IDHeader:    "order-id",
		OnOutcome: func(o conn.Outcome) {
			if o.Status == conn.Confirmed {
				confirmed.Add(1)
				return
			}
			log.Printf("order %d is %v: %v", o.Seq, o.Status, o.Err)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for range 1000 {
		if _, err := p.Send(ctx, []byte("two teas")); err != nil {
			log.Fatal(err)
		}
	}
	if err := c.Disconnect(ctx); err != nil { // waits for the outcomes first
		log.Fatal(err)
	}
	fmt.Println(confirmed.Load(), "confirmed")
	// Output: 1000 confirmed
}

// One receipt for up to a hundred messages, where receipts of the broker are cumulative. Other
// brokers are asked for a receipt for each.
func ExampleProducerConfig_receiptEvery() {
	ctx, c, stop := dialExample()
	defer stop()

	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/orders", ReceiptEvery: 100})
	if err != nil {
		log.Fatal(err)
	}
	for range 5000 {
		if _, err := p.Send(ctx, []byte("two teas")); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Stats().Confirmed, "confirmed")
	// Output: 5000 confirmed
}

// A token that expires is requested anew for each connection. Here the broker refuses the first.
func ExampleConfig_credentials() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b := startExampleWithUser("shop", "token 2")
	defer b.Close()

	issued := 0
	c, err := conn.Dial(ctx, b.URI(), &conn.Config{
		OneConnection: true,
		Credentials: func(context.Context) (login, passcode string, err error) {
			issued++ // one connection, so one call at a time
			fmt.Println("issuing token", issued)
			return "shop", fmt.Sprint("token ", issued), nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("connected:", c.Connected())
	// Output:
	// issuing token 1
	// issuing token 2
	// connected: true
}

// The second broker takes over when the first goes away. The client renews the subscription there,
// and the producer sends again what the first broker has not confirmed.
func Example_failover() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	primary, standby := startExample(), startExample()
	defer standby.Close()

	uri := fmt.Sprintf("failover:(%s,%s)?randomize=false", primary.URI(), standby.URI())
	c, err := conn.Dial(ctx, uri, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	got := make(chan string, 10)
	handle := func(_ context.Context, m *conn.Message) { got <- string(m.Body) }
	if _, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{}); err != nil {
		log.Fatal(err)
	}
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/orders", Redeliver: true})
	if err != nil {
		log.Fatal(err)
	}

	for _, order := range []string{"tea", "coffee"} {
		if _, err := p.Send(ctx, []byte(order)); err != nil {
			log.Fatal(err)
		}
		if err := p.Flush(ctx); err != nil {
			log.Fatal(err)
		}
		fmt.Println("received:", <-got)
		_ = primary.Close() // the second order goes to the standby
	}
	fmt.Println("on the standby:", c.Sessions()[0].Addr == standby.URI())
	// Output:
	// received: tea
	// received: coffee
	// on the standby: true
}
