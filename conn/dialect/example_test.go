package dialect_test

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
)

// The same hints, with the headers of each broker. A client knows its broker and makes them itself.
func ExampleDialect_SubscribeFields() {
	for _, broker := range []dialect.Broker{dialect.RabbitMQ, dialect.ActiveMQ, dialect.Artemis} {
		d := broker.Dialect()
		fields, err := d.SubscribeFields(dialect.Prefetch(100), dialect.PrefetchBytes(1<<20))
		fmt.Println(broker, fields, err)
	}
	// Output:
	// RabbitMQ [{prefetch-count 100}] <nil>
	// ActiveMQ [{activemq.prefetchSize 100}] <nil>
	// ActiveMQ Artemis [{consumer-window-size 1048576}] <nil>
}

func ExampleDialect_SendFields() {
	d := dialect.Artemis.Dialect()
	fields, err := d.SendFields(time.Now(),
		dialect.Persistent(), dialect.Priority(7), dialect.Expires(time.UnixMilli(1_700_000_000_000)), dialect.Anycast())
	fmt.Println(fields, err)
	// Output: [{persistent true} {expires 1700000000000} {priority 7} {destination-type ANYCAST}] <nil>
}

// A durable subscription ends for good only if UNSUBSCRIBE says so.
func ExampleDialect_EndDurableFields() {
	d := dialect.Of("RabbitMQ/3.10.8")
	fields, err := d.EndDurableFields("orders")
	fmt.Println(fields, err)
	// Output: [{durable true} {x-queue-name orders}] <nil>
}
