package conn_test

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// startExample starts a broker in place of yours, and returns a dialer to it.
func startExample() (b *broker.Broker, dialer conn.Dialer) {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	d, err := conn.ParseURI(b.URI())
	if err != nil {
		log.Fatal(err)
	}
	d.MaxRounds = 1 // rounds are for the client to count
	return b, *d
}

// Fire and forget: each message is on its way when Send returns, and nobody says whether it arrives. What all messages
// have in common is encoded once. This is as fast as it gets, and loses what is on its way when the connection is lost.
func Example_fireAndForget() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, dialer := startExample()
	defer b.Close()

	c, err := dialer.Dial(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: "/topic/temperature",
		Headers:     []frame.Field{{Name: "content-type", Value: "text/plain"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for i := range 1000 {
		if _, err := p.Send(ctx, fmt.Appendf(nil, "%d", 20+i%3), frame.Field{Name: "room", Value: "12"}); err != nil {
			log.Fatal(err) // nothing was sent
		}
	}
	if err := c.Disconnect(ctx); err != nil { // the outbox is written first
		log.Fatal(err)
	}
	fmt.Println("sent")
	// Output: sent
}

// At least once: every message ends as confirmed, rejected or unknown. What a lost connection leaves without an outcome is
// sent again on the next one, before anything new, with the same id and a header that says so; the consumer drops what it
// has seen.
func ExampleClientProducer() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, dialer := startExample()
	defer b.Close()

	client, err := conn.NewClient(conn.ClientConfig{Dial: dialer.Dial})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := client.Connect(ctx); err != nil {
		log.Fatal(err)
	}
	var confirmed atomic.Int64
	p, err := client.NewProducer(conn.ClientProducerConfig{
		Destination: "/queue/orders",
		Headers:     []frame.Field{{Name: frame.HeaderPersistent, Value: "true"}},
		Window:      500, // in flight at a time
		Redeliver:   true,
		IDHeader:    "order-id", IDPrefix: "shop-7",
		OnOutcome: func(o conn.Outcome) {
			if o.Status == conn.Confirmed {
				confirmed.Add(1)
				return
			}
			log.Printf("order %d is %v: %v", o.Seq, o.Status, o.Err) // it is for you to decide
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
	if err := client.Disconnect(ctx); err != nil { // waits for the outcomes first
		log.Fatal(err)
	}
	fmt.Println(confirmed.Load(), "confirmed")
	// Output: 1000 confirmed
}

// Outcomes can also be waited for one by one, each with a deadline of its own.
func ExampleClientProducer_SendResult() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, dialer := startExample()
	defer b.Close()

	client, err := conn.NewClient(conn.ClientConfig{Dial: dialer.Dial})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := client.Start(); err != nil { // Send waits for the connection
		log.Fatal(err)
	}
	p, err := client.NewProducer(conn.ClientProducerConfig{Destination: "/queue/orders", Redeliver: true})
	if err != nil {
		log.Fatal(err)
	}
	result, err := p.SendResult(ctx, []byte("two teas"))
	if err != nil {
		log.Fatal(err)
	}
	outcome, err := result.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(outcome.Seq, outcome.Status)
	// Output: 1 confirmed
}

// One receipt for many messages, where the broker's receipts hold for all that came before. A broker that is not known
// to do so is refused.
func ExampleProducerConfig_receiptEvery() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, dialer := startExample()
	defer b.Close()

	c, err := dialer.Dial(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/orders", Window: 1000, ReceiptEvery: 100})
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
