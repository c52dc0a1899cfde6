package conn_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"strings"
	"sync"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// A worker takes messages from a bounded queue and acknowledges each after the work. The broker
// delivers what it has not acknowledged when it dies to another worker.
func ExampleClient_Consume() {
	ctx, c, stop := dialExample()
	defer stop()

	jobs, err := c.Consume(ctx, "/queue/jobs", conn.SubscribeOptions{
		Ack: frame.AckClientIndividual,
		// At most ten unacknowledged jobs; Artemis counts bytes, and needs the second one.
		Hints: []dialect.Hint{dialect.Prefetch(10), dialect.PrefetchBytes(100_000)},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range []string{"wash", "dry", "stop"} {
		if err := c.SendReceipt(ctx, "/queue/jobs", []byte(job)); err != nil {
			log.Fatal(err)
		}
	}
	for m, err := range jobs.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("job:", string(m.Body))
		if err := m.Ack(); err != nil {
			log.Print(err) // it will come again
		}
		if string(m.Body) == "stop" {
			break
		}
	}
	if err := jobs.Unsubscribe(ctx); err != nil {
		log.Fatal(err)
	}
	if err := c.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// job: wash
	// job: dry
	// job: stop
}

// Acknowledgements in batches, in the mode client: one for each hundred messages, or for those that
// have come after 100 ms.
func ExampleSubscribeOptions_ackEvery() {
	ctx, c, stop := dialExample()
	defer stop()

	const messages = 250
	n, done := 0, make(chan struct{})
	handle := func(_ context.Context, m *conn.Message) {
		if err := m.Ack(); err != nil {
			log.Print(err)
		}
		if n++; n == messages {
			close(done)
		}
	}
	opts := conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: 100}
	if _, err := c.Subscribe(ctx, "/queue/measurements", handle, opts); err != nil {
		log.Fatal(err)
	}
	for range messages {
		if err := c.Send(ctx, "/queue/measurements", []byte("21.5")); err != nil {
			log.Fatal(err)
		}
	}
	<-done
	if err := c.Disconnect(ctx); err != nil { // acknowledges the rest first
		log.Fatal(err)
	}
	fmt.Println(n, "handled")
	// Output: 250 handled
}

// A pool of workers. Each consumes an order and publishes the bill in one transaction: both happen or
// neither does. The transaction belongs to the connection that delivered the order. In the end the
// workers stop in order, so that no order that a worker has in hand comes again.
func ExampleMessage_Begin() {
	ctx, c, stop := dialExample()
	defer stop()

	orders, err := c.Consume(ctx, "/queue/orders", conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		log.Fatal(err)
	}
	bill := func(m *conn.Message) error {
		tx, err := m.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Abort(ctx) // even if ctx has ended; it does nothing once Commit was sent
		if err := tx.Send(ctx, "/queue/bills", append([]byte("bill for "), m.Body...)); err != nil {
			return err
		}
		if err := tx.Ack(m.Token()); err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
	taking, stopTaking := context.WithCancel(ctx) // not for the work, which is to be finished
	defer stopTaking()
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for m, err := range orders.All(taking) {
				if err != nil {
					return // context.Canceled, or why the subscription has ended
				}
				if err := bill(m); err != nil {
					log.Print(err) // the order will come again
				}
			}
		})
	}

	bills, err := c.Consume(ctx, "/queue/bills", conn.SubscribeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	const sent = 20
	for i := range sent {
		if err := c.Send(ctx, "/queue/orders", fmt.Appendf(nil, "table %d", i)); err != nil {
			log.Fatal(err)
		}
	}
	billed := map[string]bool{}
	for m, err := range bills.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if billed[string(m.Body)] = true; len(billed) == sent {
			break
		}
	}
	stopTaking()
	workers.Wait() // each finishes the order that it has in hand
	if err := orders.Unsubscribe(ctx); err != nil {
		log.Fatal(err) // the broker has the orders that waited; none that was billed
	}
	if err := c.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(billed), "bills, for table 7:", billed["bill for table 7"])
	// Output: 20 bills, for table 7: true
}

// Request sends a message and waits for its reply. The replier answers to the destination in reply-to
// and copies correlation-id.
func ExampleClient_Request() {
	ctx, c, stop := dialExample()
	defer stop()

	answer := func(ctx context.Context, m *conn.Message) {
		err := c.Send(ctx, m.Header.Text("reply-to"), []byte(strings.ToUpper(string(m.Body))),
			frame.Field{Name: "correlation-id", Value: m.Header.Text("correlation-id")})
		if err != nil {
			log.Print(err)
		}
	}
	if _, err := c.Subscribe(ctx, "/queue/shouting", answer, conn.SubscribeOptions{}); err != nil {
		log.Fatal(err)
	}
	reply, err := c.Request(ctx, "/queue/shouting", []byte("hello"))
	if err != nil {
		log.Fatal(err) // Is conn.ErrUnknownOutcome if no reply came in time
	}
	fmt.Printf("%s\n", reply.Body)
	// Output: HELLO
}

// A body of any length takes a constant amount of memory: it is sent from a reader, and the handler
// reads it as it arrives.
func ExampleMessage_Reader() {
	ctx, c, stop := dialExample()
	defer stop()

	type file struct {
		size int64
		sum  uint32
	}
	files := make(chan file)
	handle := func(_ context.Context, m *conn.Message) {
		sum := crc32.NewIEEE()
		n, err := io.Copy(sum, m.Reader())
		if errors.Is(err, net.ErrClosed) {
			return // the connection was lost on the way
		}
		files <- file{n, sum.Sum32()}
	}
	if _, err := c.Subscribe(ctx, "/queue/files", handle, conn.SubscribeOptions{StreamOver: 64 << 10}); err != nil {
		log.Fatal(err)
	}
	text := strings.Repeat("All work and no play makes Jack a dull boy.\n", 50_000)
	if err := c.SendFrom(ctx, "/queue/files", strings.NewReader(text), int64(len(text))); err != nil {
		log.Fatal(err)
	}
	got := <-files
	fmt.Println(got.size, "bytes, intact:", got.sum == crc32.ChecksumIEEE([]byte(text)))
	// Output: 2200000 bytes, intact: true
}
