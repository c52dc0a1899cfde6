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

// startExample starts a broker in place of yours.
func startExample() *broker.Broker {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	return b
}

// dialExample connects to a broker of its own, in place of yours. stop ends both.
func dialExample() (ctx context.Context, c *conn.Client, stop func()) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	b := startExample()
	c, err := conn.Dial(ctx, b.URI(), nil)
	if err != nil {
		log.Fatal(err)
	}
	return ctx, c, func() {
		_ = c.Close()
		<-c.Done()
		_ = b.Close()
		cancel()
	}
}

// One message there and back.
func Example() {
	b, err := broker.Start(broker.Config{}) // or any broker that you have
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := conn.Dial(ctx, b.URI(), &conn.Config{Login: "guest", Passcode: "guest"})
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

// SendReceipt waits until the broker has the message.
func ExampleClient_SendReceipt() {
	ctx, c, stop := dialExample()
	defer stop()

	if err := c.SendReceipt(ctx, "/queue/orders", []byte("two teas")); err != nil {
		log.Fatal(err) // a *conn.ServerError, or Is conn.ErrNotSent, or Is conn.ErrUnknownOutcome
	}
	fmt.Println("the broker has it")
	// Output: the broker has it
}

// What is sent in a transaction arrives when it is committed, or not at all.
func ExampleClient_Begin() {
	ctx, c, stop := dialExample()
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

// Abort discards the messages of a transaction.
func ExampleTx_Abort() {
	ctx, c, stop := dialExample()
	defer stop()

	tx, err := c.Begin(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	if err := tx.Send(ctx, "/queue/bookings", []byte("flight")); err != nil {
		log.Fatal(err)
	}
	if err := tx.Abort(ctx); err != nil {
		log.Fatal(err)
	}
	if err := c.SendReceipt(ctx, "/queue/bookings", []byte("train")); err != nil {
		log.Fatal(err)
	}
	bookings, err := c.Consume(ctx, "/queue/bookings", conn.SubscribeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	m, err := bookings.Next(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Release()
	fmt.Printf("%s\n", m.Body)
	// Output: train
}

// In the mode client-individual the broker keeps each message until it is acknowledged. NACK rejects
// it: this broker, like RabbitMQ, delivers it again.
func ExampleMessage_Ack() {
	ctx, c, stop := dialExample()
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

// A message is valid until its handler returns. Retain keeps it longer, in pooled memory.
func ExampleMessage_Retain() {
	ctx, c, stop := dialExample()
	defer stop()

	work := make(chan *conn.Message, 16)
	handle := func(_ context.Context, m *conn.Message) { work <- m.Retain() }
	_, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		log.Fatal(err)
	}
	table := frame.Field{Name: "table", Value: "7"}
	if err := c.Send(ctx, "/queue/orders", []byte("two teas"), table); err != nil {
		log.Fatal(err)
	}

	m := <-work
	defer m.Release()
	fmt.Printf("%s for table %s\n", m.Body, m.Header.Get("table"))
	if err := m.Ack(); err != nil {
		log.Fatal(err)
	}
	// Output: two teas for table 7
}

// A token is enough to acknowledge a message later, from any goroutine.
func ExampleMessage_Token() {
	ctx, c, stop := dialExample()
	defer stop()

	stored := make(chan conn.Token, 16) // messages that are safe now
	handle := func(_ context.Context, m *conn.Message) {
		fmt.Printf("storing %s\n", m.Body)
		stored <- m.Token()
	}
	_, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Send(ctx, "/queue/orders", []byte("two teas")); err != nil {
		log.Fatal(err)
	}
	if err := (<-stored).Ack(); err != nil {
		log.Print(err) // it will come again
	}
	// Output: storing two teas
}

// startExampleWithUser starts a broker that one user may log in to.
func startExampleWithUser(login, passcode string) *broker.Broker {
	b, err := broker.Start(broker.Config{Users: map[string]string{login: passcode}})
	if err != nil {
		log.Fatal(err)
	}
	return b
}
