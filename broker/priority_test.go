package broker_test

import (
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/pool"
)

// What waits is delivered by priority, and within one in the order of arrival, also
// after it was delivered once and came back.
func TestPriorityOrdersWhatWaits(t *testing.T) {
	for _, ack := range []string{"auto", "client-individual"} {
		t.Run(ack, func(t *testing.T) {
			b := start(t, broker.Config{})
			p := connect(t, b, "1.2")
			for round := range 3 {
				for _, priority := range []string{"0", "9", "4", "7", "", "1", "10", "high"} {
					line := "priority:" + priority
					if priority == "" {
						line = "x:y"
					}
					p.send("/queue/q", fmt.Sprintf("%s/%d", priority, round), line)
				}
			}
			p.sync()
			var want []string
			for _, level := range [][]string{{"9"}, {"7"}, {"4", "", "10", "high"}, {"1"}, {"0"}} {
				for round := range 3 {
					for _, priority := range level {
						want = append(want, fmt.Sprintf("%s/%d", priority, round))
					}
				}
			}
			if ack != "auto" { // a first subscription gives some of them back
				c := connect(t, b, "1.2")
				c.subscribe("s", "/queue/q", ack, "prefetch-count:10")
				for _, body := range want[:10] {
					c.expectBody(body)
				}
				c.write("UNSUBSCRIBE\nid:s\nreceipt:u\n\n^@")
				c.expect("RECEIPT", "receipt-id:u")
			}
			c := connect(t, b, "1.2")
			c.subscribe("s", "/queue/q", "auto")
			for i, body := range want {
				f := c.expectBody(body)
				if _, again := f.lookup("redelivered"); again != (ack != "auto" && i < 10) {
					t.Errorf("message %d: %v", i, f)
				}
			}
		})
	}
}

// A queue is not idle while a message of any priority waits, and gives its memory back
// when the broker ends.
func TestPriorityKeepsTheQueue(t *testing.T) {
	before := pool.InUse()
	b := start(t, broker.Config{})
	c := connect(t, b, "1.2")
	c.send("/queue/q", "x", "priority:9")
	c.subscribe("s", "/queue/q", "client")
	c.expectBody("x")
	c.write("UNSUBSCRIBE\nid:s\n\n^@")
	c.sync()
	c.subscribe("s", "/queue/q", "client")
	c.expectBody("x", "redelivered:true", "priority:9")
	c.send("/queue/other", "x", "priority:0")
	c.sync()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	waitFor(t, func() bool { return pool.InUse() <= before })
}

// Names without a prefix are queues.
func TestBareNamesAreQueues(t *testing.T) {
	b := start(t, broker.Config{})
	p := connect(t, b, "1.2")
	for _, name := range []string{"orders", "/orders", "queue/orders", "topic/orders", "/topics/orders", "/exchange/a/b"} {
		p.send(name, "waits", "receipt:"+name)
		p.expect("RECEIPT", "receipt-id:"+name)
		c := connect(t, b, "1.2")
		c.subscribe("s", name, "auto")
		c.expectBody("waits", "destination:"+name)
	}
}
