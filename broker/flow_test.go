package broker_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/broker"
)

// To hold producers briefly is for speed. It ends when what waited is gone, though more than half of the destination's room
// is taken by what is not acknowledged: a consumer may want the other half before it does that.
func TestBriefHoldEndsWithItsBacklog(t *testing.T) {
	const bound = 16 << 20
	inBubble(t, broker.Config{QueueBytes: bound}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.2")
		c.subscribe("s", "/queue/q", "client")
		p := pipe(t, b)
		defer p.nc.Close()
		p.connect("1.2")
		body := strings.Repeat("x", 1000)
		for b.Stats().StoredBytes <= bound/2 {
			p.send("/queue/q", body)
			c.expectBody(body)
		}
		const more = 500 // than the outbox takes, less than the queue
		go func() {
			for range more {
				p.send("/queue/q", body)
			}
		}()
		synctest.Wait()
		if st := b.Stats(); st.HeldProducers != 1 || st.StoredBytes >= bound*3/4 {
			t.Fatalf("%+v, want a producer that is held far from the bound", st)
		}
		for range more {
			c.expectBody(body)
		}
		if st := b.Stats(); st.HeldProducers != 0 || st.StoredBytes >= bound {
			t.Errorf("%+v", st)
		}
	})
}

// Producers of a full queue wait until half of it is free, and not for each message that goes.
func TestFullQueueWaitsUntilHalfIsFree(t *testing.T) {
	b := start(t, broker.Config{QueueBytes: 1 << 20})
	p := connect(t, b, "1.2")
	body := strings.Repeat("x", 10_000)
	go floodFor(p.nc, 4<<20, patience, func(int) string { return "SEND\ndestination:/queue/q\n\n" + body + "^@" })
	waitFor(t, func() bool { return b.Stats().HeldProducers == 1 })
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "client-individual", "prefetch-count:1")
	m := c.expectBody(body)
	acknowledge := func(n int) {
		for range n {
			c.write(settle("ACK", "1.2", m, ""))
			m = c.expectBody(body)
		}
	}
	acknowledge(15)
	if st := b.Stats(); st.HeldProducers != 1 || st.Holds != 1 {
		t.Errorf("%+v, want the producer held since the beginning", st)
	}
	acknowledge(100) // more than half of it, whatever a message counts
	waitFor(t, func() bool { return b.Stats().Holds > 1 })
}
