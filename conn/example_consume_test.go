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
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// A worker: messages are pulled from a bounded queue, worked on, and acknowledged one by one after the work. What it has
// not acknowledged when it dies is delivered to somebody else.
func ExampleConsumer() {
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
	consumer, err := client.Consume(ctx, "/queue/jobs", conn.ConsumeOptions{
		SubscribeOptions: conn.SubscribeOptions{
			Ack: frame.AckClientIndividual,
			// At most ten jobs that are not acknowledged; Conn.SubscribeFields knows what each broker calls it.
			Headers: []frame.Field{{Name: "prefetch-count", Value: "10"}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range []string{"wash", "dry", "stop"} {
		if err := client.SendReceipt(ctx, "/queue/jobs", []byte(job)); err != nil {
			log.Fatal(err)
		}
	}
	for m, err := range consumer.All(ctx) {
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
	if err := consumer.Close(ctx); err != nil {
		log.Fatal(err)
	}
	if err := client.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// job: wash
	// job: dry
	// job: stop
}

// Acknowledgements in batches, in the mode client: one for each hundred messages, or for what there is after 50 ms.
func ExampleAcker() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, stop := dialExample(ctx)
	defer stop()

	acker := conn.NewAcker(conn.AckerConfig{
		Every: 100, Interval: 50 * time.Millisecond,
		OnError: func(err error) { log.Print(err) }, // they will come again
	})
	const messages = 250
	n, done := 0, make(chan struct{})
	handle := func(_ context.Context, m *conn.Message) {
		if err := acker.Ack(m); err != nil {
			log.Print(err)
		}
		if n++; n == messages {
			close(done)
		}
	}
	if _, err := c.Subscribe(ctx, "/queue/measurements", handle, conn.SubscribeOptions{Ack: frame.AckClient}); err != nil {
		log.Fatal(err)
	}
	for range messages {
		if err := c.Send(ctx, "/queue/measurements", []byte("21.5")); err != nil {
			log.Fatal(err)
		}
	}
	<-done
	if err := acker.Flush(); err != nil { // what there is, before the end
		log.Fatal(err)
	}
	if err := c.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "handled")
	// Output: 250 handled
}

// A message is consumed and its result sent, both or neither: the transaction belongs to the connection that delivered.
func ExampleClientSubscription_Begin() {
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
	orders := make(chan *conn.Message, 1)
	sub, err := client.Subscribe(ctx, "/queue/orders", func(_ context.Context, m *conn.Message) { orders <- m.Clone() },
		conn.SubscribeOptions{Ack: frame.AckClientIndividual})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Send(ctx, "/queue/orders", []byte("two teas")); err != nil {
		log.Fatal(err)
	}

	order := <-orders
	tx, err := sub.Begin(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	if err := tx.Send(ctx, "/queue/bills", []byte("for "+string(order.Body))); err != nil {
		log.Fatal(err)
	}
	if err := tx.Ack(order); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		log.Fatal(err) // unknown if the connection was lost: the order may come again
	}
	bills, err := client.Consume(ctx, "/queue/bills", conn.ConsumeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer bills.Close(ctx)
	bill, err := bills.Next(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer bill.Release()
	fmt.Printf("%s\n", bill.Body)
	// Output: for two teas
}

// A question goes to a queue with the name of a temporary one in reply-to, which only the connection that asks can read,
// so question and answer go over that one.
func Example_requestReply() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, dialer := startExample()
	defer b.Close()

	// The one who answers.
	server, err := dialer.Dial(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	_, err = server.Subscribe(ctx, "/queue/shouting", func(ctx context.Context, m *conn.Message) {
		answer := strings.ToUpper(string(m.Body))
		err := server.Send(ctx, m.Header.Text("reply-to"), []byte(answer),
			frame.Field{Name: "correlation-id", Value: m.Header.Text("correlation-id")})
		if err != nil {
			log.Print(err)
		}
	}, conn.SubscribeOptions{})
	if err != nil {
		log.Fatal(err)
	}

	// The one who asks. On RabbitMQ replies come without a subscription, to Config.OnUnsolicited.
	c, err := dialer.Dial(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	replies := make(chan *conn.Message, 1)
	_, err = c.Subscribe(ctx, "/temp-queue/replies", func(_ context.Context, m *conn.Message) { replies <- m.Clone() },
		conn.SubscribeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	err = c.Send(ctx, "/queue/shouting", []byte("hello"),
		frame.Field{Name: "reply-to", Value: "/temp-queue/replies"}, frame.Field{Name: "correlation-id", Value: "1"})
	if err != nil {
		log.Fatal(err)
	}
	select {
	case m := <-replies:
		fmt.Printf("answer to %s: %s\n", m.Header.Get("correlation-id"), m.Body)
	case <-ctx.Done():
		log.Print("no answer")
	}
	// Output: answer to 1: HELLO
}

// A body of any length passes without being held in memory: sent from a reader, and read by the handler as it arrives.
func ExampleMessage_Reader() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, stop := dialExample(ctx)
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
