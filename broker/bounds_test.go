package broker_test

import (
	"fmt"
	"strconv"
	"strings"
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

// QueueBytes bounds the dead letter queue as well. The broker does not read a session that fills it
// by NACK until a consumer has emptied it.
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
		// It counts once in its queue and once in the dead letter queue. By then the session is held up.
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

// A dead letter queue counts for the connection whose NACK makes it. A message that may not have a
// dead letter queue stays in its queue.
func TestDeadLetterQueuesPerConnection(t *testing.T) {
	const most, queues = 10, 40
	b := start(t, broker.Config{MaxDestinations: 100, MaxDestinationsPerConnection: most, MaxRedeliveries: 1})
	for i := range queues / most {
		p := connect(t, b, "1.2")
		for j := range most {
			p.send(fmt.Sprintf("/queue/%d", i*most+j), "x")
		}
		p.sync()
	}
	c := connect(t, b, "1.2")
	for i := range queues {
		c.write(fmt.Sprintf("SUBSCRIBE\nid:%d\ndestination:/queue/%[1]d\nack:client\n\n^@", i))
	}
	refused := map[string]int{}
	for range 2*queues + queues - most {
		m := c.expect("MESSAGE")
		if refused[m.get("subscription")]++; refused[m.get("subscription")] <= 2 {
			c.write(settle("NACK", "1.2", m, ""))
		}
	}
	c.sync()
	if st := b.Stats(); st.Destinations != queues+most || st.DeadLettered != most || st.Unrouted != 0 || st.MessagesIn != queues+most {
		t.Errorf("%+v, want %d queues, %d of them for dead letters", st, queues+most, most)
	}
	c.nc.Close() // what has come back is for others
	d := connect(t, b, "1.2")
	for id, times := range refused {
		name := "/queue/" + id
		if times == 2 {
			name = "/queue/DLQ." + id
		}
		d.write("SUBSCRIBE\nid:" + id + "\ndestination:" + name + "\n\n^@")
	}
	for range queues {
		d.expect("MESSAGE")
	}
}

// Dead letters are no way around StoredBytes.
func TestDeadLettersOfAFullBroker(t *testing.T) {
	b := start(t, broker.Config{StoredBytes: 1 << 20, MaxRedeliveries: 1})
	c := connect(t, b, "1.2")
	c.send("/queue/poison", "x")
	p := connect(t, b, "1.2")
	go floodFor(p.nc, 3<<19, patience, func(i int) string {
		return fmt.Sprintf("SEND\ndestination:/queue/%d\n\n%s^@", i%10, strings.Repeat("x", 10_000))
	})
	p.expectError("broker is full")
	c.subscribe("s", "/queue/poison", "client")
	for range 10 {
		c.write(settle("NACK", "1.2", c.expectBody("x"), ""))
	}
	c.expectBody("x")
	if st := b.Stats(); st.DeadLettered != 0 || st.StoredBytes > 2<<20 {
		t.Errorf("%+v", st)
	}
}

// A destination whose name is as long as may be has a dead letter queue that can be subscribed to.
func TestDeadLettersOfTheLongestName(t *testing.T) {
	for _, prefix := range []string{"/queue/", "", "/temp-queue/"} {
		b := start(t, broker.Config{MaxRedeliveries: 1})
		c := connect(t, b, "1.2")
		name := prefix + strings.Repeat("n", 1024-len(prefix))
		c.subscribe("s", name, "client")
		c.send(name, "x")
		nackTwice(c)
		c.sync()
		dead := map[string]string{"/queue/": "/queue/DLQ." + strings.TrimPrefix(name, prefix), "": "DLQ." + name,
			"/temp-queue/": "DLQ./temp-queue/@1/" + strings.TrimPrefix(name, prefix)}[prefix]
		c.subscribe("dead", dead, "auto")
		c.expectBody("x", "subscription:dead")
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

// What was delivered and is not acknowledged counts, on queues and topics.
func TestStoredBytesOfUnacknowledged(t *testing.T) {
	body := strings.Repeat("x", 10_000)
	for _, kind := range []string{"/queue/", "/topic/"} {
		t.Run(kind, func(t *testing.T) {
			b := start(t, broker.Config{StoredBytes: 1 << 20})
			check := served(t, b)
			fan := connect(t, b, "1.2") // what need not be kept is still delivered
			fan.subscribe("1", "/topic/fan", "auto")
			fan.subscribe("2", "/topic/fan", "auto")
			fan.subscribe("3", "/queue/auto", "auto")
			c := connect(t, b, "1.2")
			const n = 50
			for i := range n {
				c.subscribe(strconv.Itoa(i), kind+strconv.Itoa(i), "client-individual")
			}
			c.discard()
			p := connect(t, b, "1.2")
			go floodFor(p.nc, 3<<19, patience, func(i int) string { return "SEND\ndestination:" + kind + strconv.Itoa(i%n) + "\n\n" + body + "^@" })
			p.expectError("broker is full")
			if held := b.Stats().StoredBytes; held > 2<<20 {
				t.Errorf("%d bytes are held", held)
			}
			p = connect(t, b, "1.2")
			p.send("/topic/fan", body)
			p.send("/queue/auto", body)
			for range 3 {
				fan.expectBody(body)
			}
			check()
		})
	}
}

// A topic of many slow subscriptions is no way around it either.
func TestStoredBytesOfSlowTopics(t *testing.T) {
	const bound = 1 << 20
	b := start(t, broker.Config{StoredBytes: bound, WriteTimeout: time.Hour})
	check := served(t, b)
	c := connect(t, b, "1.2")
	const n = 400
	for i := range n {
		c.subscribe(fmt.Sprint("a", i), fmt.Sprint("/topic/", i), "auto")
		c.subscribe(fmt.Sprint("b", i), fmt.Sprint("/topic/", i), "auto")
	}
	body := strings.Repeat("x", 60_000) // and no client reads
	for refused := 0; refused < 3; {
		p := connect(t, b, "1.2")
		answer := make(chan *received, 1)
		go func() {
			f, _ := p.read()
			answer <- f
		}()
		flood(p.nc, n*len(body), func(i int) string { return fmt.Sprintf("SEND\ndestination:/topic/%d\n\n%s^@", i%n, body) })
		_, _ = p.nc.Write(wire("BEGIN\ntransaction:t\nreceipt:r\n\n^@"))
		if f := <-answer; f == nil || f.command != "RECEIPT" {
			refused++
		}
		p.nc.Close()
		if held := b.Stats().StoredBytes; held > bound*9/8+1<<20 {
			t.Fatalf("%d bytes are held", held)
		}
	}
	check()
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
			// Not much more than it takes: a client that goes on for too long after an ERROR is cut
			// off, and may not receive the ERROR.
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
