package conn_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// A durable subscription goes on when its client does not, until EndDurable. The hint becomes the
// headers of the broker at hand. ActiveMQ and Artemis need a ClientID as well. The embedded broker
// stores nothing, so this example tells the client to speak to it as to RabbitMQ, and prints the
// frames.
func ExampleSubscription_EndDurable() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b := startExample()
	defer b.Close()

	c, err := conn.Dial(ctx, b.URI(), &conn.Config{
		ClientID: "billing",
		Broker:   dialect.RabbitMQ, // leave it out: the client knows its broker
		Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventSend && e.Frame.Header.Get("x-queue-name") != nil {
				fmt.Printf("%v %s durable:%s x-queue-name:%s\n", e.Frame.Command, e.Frame.Header.Get(frame.HeaderDestination),
					e.Frame.Header.Get("durable"), e.Frame.Header.Get("x-queue-name"))
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	handle := func(context.Context, *conn.Message) {}
	sub, err := c.Subscribe(ctx, "/topic/orders", handle, conn.SubscribeOptions{Hints: []dialect.Hint{dialect.Durable("orders")}})
	if err != nil {
		log.Fatal(err)
	}
	// Unsubscribe, Disconnect and a lost connection leave it at the broker.
	if err := sub.EndDurable(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// SUBSCRIBE /topic/orders durable:true x-queue-name:orders
	// UNSUBSCRIBE  durable:true x-queue-name:orders
}
