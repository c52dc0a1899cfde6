package broker_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

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
	body := fmt.Sprintf("%08000d", 1)
	round, held := 0, false
	for ; round < 100 && !held; round++ {
		c.write("SEND\ndestination:/queue/a\n\n" + body + "^@")
		nackTwice(c)
		// It is counted once where it was sent and once where it was buried. Who is held up is so by then.
		waitFor(t, func() bool {
			st := b.Stats()
			held = st.HeldProducers == 1
			return st.MessagesIn == 2*uint64(round+1)
		})
	}
	c.write("SEND\ndestination:/queue/a\n\n" + body + "^@")
	if st := b.Stats(); !held || st.StoredBytes > 2*bound {
		t.Fatalf("after %d messages %d bytes are stored; the bound of a destination is %d", round, st.StoredBytes, bound)
	}
	d := connect(t, b, "1.2")
	d.subscribe("1", "/queue/DLQ.a", "auto")
	for range round {
		d.expectBody(body)
	}
	nackTwice(c) // it is read again
}

// nackTwice refuses the next message for good.
func nackTwice(c *client) {
	c.t.Helper()
	for range 2 {
		c.write(settle("NACK", "1.2", c.expect("MESSAGE"), ""))
	}
}

// One connection cannot take all the destinations that there may be.
func TestDestinationsPerConnection(t *testing.T) {
	b := start(t, broker.Config{MaxDestinations: 100})
	greedy := connect(t, b, "1.2")
	go floodFor(greedy.nc, 1<<20, patience, func(i int) string { return fmt.Sprintf("SEND\ndestination:/queue/%d\n\nx^@", i) })
	greedy.expectError("too many destinations of one connection")
	if n := b.Stats().Destinations; n != 50 {
		t.Errorf("it has made %d, want half of 100", n)
	}
	other := connect(t, b, "1.2")
	other.send("/queue/other", "x", "receipt:r")
	other.expect("RECEIPT", "receipt-id:r")
	// What is gone does not count.
	for i := range 200 {
		other.subscribe("s", fmt.Sprintf("/queue/mine-%d", i), "auto")
		other.write("UNSUBSCRIBE\nid:s\n\n^@")
	}
	other.sync()
}

// All destinations together have a bound too, and transactions count: what would wait
// beyond it is refused, what can be delivered is not.
func TestStoredBytesOfAll(t *testing.T) {
	body := strings.Repeat("x", 10_000)
	for name, frame := range map[string]string{
		"queues":       "SEND\ndestination:/queue/%d\n\n" + body + "^@",
		"transactions": "BEGIN\ntransaction:%[1]d\n\n^@SEND\ndestination:/queue/q\ntransaction:%[1]d\n\n" + body + "^@",
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, broker.Config{StoredBytes: 1 << 20})
			check := served(t, b)
			c := connect(t, b, "1.2")
			// Not much more than it takes: who goes on for too long after an ERROR is
			// cut off, and may not get to see it.
			go floodFor(c.nc, 3<<19, patience, func(i int) string { return fmt.Sprintf(frame, i) })
			c.expectError("broker is full")
			if n := b.Stats().StoredBytes; n > 2<<20 {
				t.Errorf("%d bytes are held", n)
			}
			check()
			if name == "transactions" { // which are over
				waitFor(t, func() bool { return b.Stats().StoredBytes == 0 })
			}
		})
	}
}
