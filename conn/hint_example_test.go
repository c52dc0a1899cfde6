package conn_test

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// The same wishes, as each broker wants them spelled. On a connection, Conn.SubscribeFields and Conn.SendFields know
// which broker it is.
func ExampleDialect_SubscribeFields() {
	for _, broker := range []conn.Broker{conn.RabbitMQ, conn.ActiveMQ, conn.Artemis} {
		d := broker.Dialect()
		fields, err := d.SubscribeFields(conn.Prefetch(100), conn.PrefetchBytes(1<<20))
		fmt.Println(broker, fields, err)
	}
	// Output:
	// RabbitMQ [{prefetch-count 100}] <nil>
	// ActiveMQ [{activemq.prefetchSize 100}] <nil>
	// ActiveMQ Artemis [{consumer-window-size 1048576}] <nil>
}

func ExampleDialect_SendFields() {
	d := conn.Artemis.Dialect()
	fields, err := d.SendFields(conn.Persistent(), conn.Priority(7), conn.Expires(time.UnixMilli(1_700_000_000_000)), conn.Anycast())
	fmt.Println(fields, err)
	// Output: [{persistent true} {expires 1700000000000} {priority 7} {destination-type ANYCAST}] <nil>
}
