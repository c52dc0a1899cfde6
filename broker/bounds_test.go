package broker_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// A temporary queue that comes and goes must not use up the session's room for temporary queues.
func TestTemporaryQueuesThatAreGoneDoNotCount(t *testing.T) {
	b := start(t, broker.Config{MaxSubscriptions: 8})
	c := connect(t, b, "1.2")
	for i := range 20 {
		id := strconv.Itoa(i)
		c.subscribe(id, "/temp-queue/reply", "auto")
		c.write("UNSUBSCRIBE\nid:" + id + "\nreceipt:u" + id + "\n\n^@")
		c.expect("RECEIPT", "receipt-id:u"+id)
	}
}

// SENDs that have expired leave nothing behind, least of all destinations for ever.
func TestExpiredSendsUseUpNoDestinations(t *testing.T) {
	b := start(t, broker.Config{MaxDestinations: 8})
	c := connect(t, b, "1.2")
	for i := range 20 {
		c.send("/queue/"+strconv.Itoa(i), "x", "expires:1")
	}
	c.write("SEND\ndestination:/queue/new\nreceipt:1\n\nx^@")
	c.expect("RECEIPT", "receipt-id:1")
}

// QueueBytes bounds the dead letter queue as well: who fills it by NACK is not read until somebody has emptied it.
func TestDeadLetterQueueIsBounded(t *testing.T) {
	const bound = 64 << 10
	b := start(t, broker.Config{QueueBytes: bound, MaxRedeliveries: 1})
	c := connect(t, b, "1.2")
	c.subscribe("1", "/queue/a", "client-individual")
	c.wait = 300 * time.Millisecond
	body := fmt.Sprintf("%08000d", 1)
	round := 0
	for ; round < 100; round++ {
		c.write("SEND\ndestination:/queue/a\n\n" + body + "^@")
		if !nackTwice(c) {
			break
		}
	}
	if st := b.Stats(); round == 100 || st.StoredBytes > 2*bound {
		t.Fatalf("after %d messages %d bytes are stored; the bound of a destination is %d", round, st.StoredBytes, bound)
	}
	d := connect(t, b, "1.2")
	d.subscribe("1", "/queue/DLQ.a", "auto")
	for range round {
		d.expectBody(body)
	}
	c.wait = 5 * time.Second
	if !nackTwice(c) {
		t.Fatal("the session is not read again")
	}
}

// nackTwice refuses a message for good, and reports whether it came.
func nackTwice(c *client) bool {
	for range 2 {
		m, err := c.read()
		if err != nil {
			return false
		}
		c.write(settle("NACK", "1.2", m, ""))
	}
	return true
}
