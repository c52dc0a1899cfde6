package conn_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// dialExample connects to a broker of its own, in place of yours. stop ends both.
func dialExample(ctx context.Context) (c *conn.Conn, stop func()) {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	if c, err = conn.Dial(ctx, b.Addr().String(), nil); err != nil {
		log.Fatal(err)
	}
	return c, func() {
		_ = c.Close()
		_ = b.Close()
	}
}

func Example() {
	b, err := broker.Start(broker.Config{}) // or any broker that you have
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := conn.Dial(ctx, b.Addr().String(), &conn.Config{Login: "guest", Passcode: "guest"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	got := make(chan string)
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

// A producer keeps a window of sends in flight and reports what became of each.
func ExampleProducer() {
	ctx := context.Background()
	c, stop := dialExample(ctx)
	defer stop()

	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: "/queue/orders",
		Window:      100,
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

// What is sent in a transaction arrives when that is committed, or not at all.
func ExampleTx() {
	ctx := context.Background()
	c, stop := dialExample(ctx)
	defer stop()

	got := make(chan string, 3)
	handle := func(_ context.Context, m *conn.Message) { got <- string(m.Body) }
	if _, err := c.Subscribe(ctx, "/queue/bookings", handle, conn.SubscribeOptions{}); err != nil {
		log.Fatal(err)
	}
	tx, err := c.Begin(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	for _, booking := range []string{"flight", "hotel"} {
		if err := tx.Send(ctx, "/queue/bookings", []byte(booking)); err != nil {
			log.Fatal(err)
		}
	}
	if err := c.SendReceipt(ctx, "/queue/bookings", []byte("not in the transaction")); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-got)
	fmt.Println(<-got)
	fmt.Println(<-got)
	// Output:
	// not in the transaction
	// flight
	// hotel
}

// In the mode client-individual the broker keeps each message until it is acknowledged. NACK gives it back.
func ExampleMessage_Ack() {
	ctx := context.Background()
	c, stop := dialExample(ctx)
	defer stop()

	done := make(chan struct{})
	handle := func(_ context.Context, m *conn.Message) {
		fmt.Printf("%s, redelivered: %t\n", m.Body, m.Redelivered())
		if !m.Redelivered() {
			_ = m.Nack() // not now
			return
		}
		if err := m.Ack(); err != nil {
			log.Print(err) // it will come again
		}
		close(done)
	}
	_, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Send(ctx, "/queue/orders", []byte("two teas")); err != nil {
		log.Fatal(err)
	}
	<-done
	// Output:
	// two teas, redelivered: false
	// two teas, redelivered: true
}

// A message is valid until its handler returns. A clone lives on, and can be acknowledged anywhere.
func ExampleMessage_Clone() {
	ctx := context.Background()
	c, stop := dialExample(ctx)
	defer stop()

	work := make(chan *conn.Message, 16)
	handle := func(_ context.Context, m *conn.Message) { work <- m.Clone() }
	_, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{Ack: frame.AckClient})
	if err != nil {
		log.Fatal(err)
	}
	table := frame.Field{Name: "table", Value: "7"}
	if err := c.Send(ctx, "/queue/orders", []byte("two teas"), table); err != nil {
		log.Fatal(err)
	}

	m := <-work
	fmt.Printf("%s for table %s\n", m.Body, m.Header.Get("table"))
	if err := m.Ack(); err != nil {
		log.Fatal(err)
	}
	// Output: two teas for table 7
}
