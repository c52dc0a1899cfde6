package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// A destination that is idle takes little, whatever backlog of whatever priorities it has had: the queues here have a
// subscription each, and each of them held 500 messages.
func TestIdleDestinationsTakeLittle(t *testing.T) {
	const n, most = 30, 4 << 10
	for _, kind := range []string{"/queue/", "/topic/"} {
		t.Run(kind, func(t *testing.T) {
			b := start(t, broker.Config{})
			c, p := connect(t, b, "1.2"), connect(t, b, "1.2")
			use := func(i int) {
				// What the one has sent waits for the acknowledgement of the other.
				name := fmt.Sprint(kind, i)
				c.subscribe(name, name, "client", "prefetch-count:250")
				for priority := range 10 {
					p.write(strings.Repeat(fmt.Sprintf("SEND\ndestination:%s\npriority:%d\n\nx^@", name, priority), 50))
				}
				p.sync()
				for range 2 {
					var last *received
					for range 250 {
						last = c.expect("MESSAGE")
					}
					c.write(settle("ACK", "1.2", last, ""))
				}
				c.sync()
			}
			use(n) // what is there once
			before := memory()
			for i := range n {
				use(i)
			}
			if st := b.Stats(); st.Destinations != n+1 || st.Subscriptions != n+1 || st.StoredBytes != 0 {
				t.Fatalf("%+v", st)
			}
			t.Logf("%d bytes for each of %d idle destinations and its subscription", grownLess(t, before, n*most)/n, n)
		})
	}
}
