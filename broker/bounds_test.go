package broker_test

import (
	"fmt"
	"strconv"
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
