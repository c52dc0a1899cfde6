package broker_test

import (
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// settle returns an ACK or NACK for m in the form of the version.
func settle(command, version string, m *received, lines string) string {
	switch version {
	case "1.0":
		return command + "\nmessage-id:" + m.get("message-id") + "\n" + lines + "\n^@"
	case "1.1":
		return command + "\nmessage-id:" + m.get("message-id") + "\nsubscription:" + m.get("subscription") + "\n" + lines + "\n^@"
	}
	return command + "\nid:" + m.get("ack") + "\n" + lines + "\n^@"
}

// fill puts the bodies "0" to "n-1" into a queue.
func fill(t *testing.T, b *broker.Broker, destination string, n int) {
	t.Helper()
	p := connect(t, b, "1.2")
	for i := range n {
		p.send(destination, fmt.Sprint(i))
	}
	p.write("DISCONNECT\nreceipt:filled\n\n^@")
	p.expect("RECEIPT", "receipt-id:filled")
	p.nc.Close() // or the broker would linger
}

// MESSAGE has an ack header if, and only if, it is to be acknowledged by 1.2.
func TestAckHeader(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		for _, mode := range []string{"auto", "client", "client-individual"} {
			c := connect(t, b, version)
			c.subscribe("s", "/queue/"+mode, mode)
			c.send("/queue/"+mode, "x")
			m := c.expectBody("x")
			if _, has := m.lookup("ack"); has != (version == "1.2" && mode != "auto") {
				t.Errorf("%s: got %v", mode, m)
			}
		}
	})
}

// "client": an ACK covers the message and all before it.
func TestAckClientIsCumulative(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		fill(t, b, "/queue/q", 6)
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "client")
		var ms []*received
		for i := range 6 {
			ms = append(ms, c.expectBody(fmt.Sprint(i)))
		}
		c.write(settle("ACK", version, ms[3], ""))
		c.sync()
		c.nc.Close()
		d := connect(t, b, "1.2")
		d.subscribe("s", "/queue/q", "auto")
		d.expectBody("4", "redelivered:true")
		d.expectBody("5", "redelivered:true")
		d.sync() // nothing else came
	})
}

// "client-individual": an ACK never affects another message.
func TestAckIndividualIsNotCumulative(t *testing.T) {
	for _, version := range []string{"1.1", "1.2"} {
		t.Run(version, func(t *testing.T) {
			b := start(t, broker.Config{})
			fill(t, b, "/queue/q", 6)
			c := connect(t, b, version)
			c.subscribe("s", "/queue/q", "client-individual")
			var ms []*received
			for i := range 6 {
				ms = append(ms, c.expectBody(fmt.Sprint(i)))
			}
			for _, i := range []int{4, 1, 2} {
				c.write(settle("ACK", version, ms[i], ""))
			}
			c.sync()
			c.nc.Close()
			d := connect(t, b, "1.2")
			d.subscribe("s", "/queue/q", "auto")
			for _, body := range []string{"0", "3", "5"} {
				d.expectBody(body, "redelivered:true")
			}
			d.sync() // nothing else came
		})
	}
}

// NACK in mode client covers earlier messages too; they are delivered again, in
// order and marked.
func TestNackClientIsCumulative(t *testing.T) {
	for _, version := range []string{"1.1", "1.2"} {
		t.Run(version, func(t *testing.T) {
			b := start(t, broker.Config{})
			fill(t, b, "/queue/q", 4)
			c := connect(t, b, version)
			c.subscribe("s", "/queue/q", "client")
			var ms []*received
			for i := range 4 {
				ms = append(ms, c.expectBody(fmt.Sprint(i)))
			}
			c.write(settle("NACK", version, ms[2], ""))
			for i := range 3 {
				c.expectBody(fmt.Sprint(i), "redelivered:true")
			}
			c.sync() // nothing else came
		})
	}
}

// A message keeps its message-id when it is delivered again; its ack id is new.
func TestRedeliveryKeepsMessageID(t *testing.T) {
	b := start(t, broker.Config{})
	fill(t, b, "/queue/q", 1)
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "client-individual")
	m := c.expectBody("0")
	if _, has := m.lookup("redelivered"); has {
		t.Errorf("%v is marked at its first delivery", m)
	}
	c.write(settle("NACK", "1.2", m, ""))
	again := c.expectBody("0", "redelivered:true", "message-id:"+m.get("message-id"))
	if again.get("ack") == m.get("ack") {
		t.Error("the same ack id for both deliveries")
	}
}

// After MaxRedeliveries a refused message goes to the dead letter queue.
func TestNackEndsInDeadLetterQueue(t *testing.T) {
	for destination, dead := range map[string]string{"/queue/q": "/queue/DLQ.q", "/topic/q": "DLQ./topic/q", "q": "DLQ.q"} {
		t.Run(destination, func(t *testing.T) {
			b := start(t, broker.Config{MaxRedeliveries: 2})
			c := connect(t, b, "1.2")
			c.subscribe("s", destination, "client-individual")
			c.send(destination, "poison", "x:y")
			for range 3 {
				c.write(settle("NACK", "1.2", c.expectBody("poison"), ""))
			}
			c.sync()
			d := connect(t, b, "1.1")
			d.subscribe("dlq", dead, "auto")
			original := "original-destination:" + destination
			d.expectBody("poison", original, "x:y", "destination:"+dead)
			if n := b.Stats().DeadLettered; n != 1 {
				t.Errorf("%d dead letters, want 1", n)
			}
		})
	}
}

// A message that is never acknowledged does not stop those around it.
func TestAckManyAroundOne(t *testing.T) {
	b := start(t, broker.Config{MaxUnacked: 10})
	const n = 2000
	fill(t, b, "/queue/q", n)
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "client-individual")
	kept := c.expectBody("0")
	for i := 1; i < n; i++ {
		c.write(settle("ACK", "1.2", c.expectBody(fmt.Sprint(i)), ""))
	}
	c.write(settle("ACK", "1.2", kept, "receipt:r\n"))
	c.expect("RECEIPT", "receipt-id:r")
	if st := b.Stats(); st.StoredBytes != 0 {
		t.Errorf("%+v, want nothing stored", st)
	}
}

// An id that is not under way is an error, whatever is wrong with it.
func TestAckOfUnknownMessageIsRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		for _, tamper := range []string{"", "x", "0-99", "1-99", "7-1", "0-1-1", "-", "00-1", "0-18446744073709551616"} {
			c := connect(t, b, version)
			c.subscribe("s", "/queue/q", "client")
			m := &received{lines: []string{"message-id:" + tamper, "ack:" + tamper, "subscription:s"}}
			c.write(settle("ACK", version, m, "receipt:r\n"))
			c.expectError("unknown message", "receipt-id:r")
		}
	})
}

func TestAckTwiceIsRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "client")
		c.send("/queue/q", "x")
		m := c.expectBody("x")
		c.write(settle("ACK", version, m, "receipt:1\n") + settle("ACK", version, m, "receipt:2\n"))
		c.expect("RECEIPT", "receipt-id:1")
		c.expectError("unknown message", "receipt-id:2")
	})
}

// The forms of the versions are REQUIRED headers.
func TestAckWithoutItsHeadersIsRefused(t *testing.T) {
	b := start(t, broker.Config{})
	for _, tt := range []struct{ version, frame, message string }{
		{"1.0", "ACK\nid:0-1\n\n^@", "missing message-id"},
		{"1.1", "ACK\nsubscription:s\n\n^@", "missing message-id"},
		{"1.1", "ACK\nmessage-id:1-1\n\n^@", "missing subscription"},
		{"1.1", "NACK\nmessage-id:1-1\n\n^@", "missing subscription"},
		{"1.2", "ACK\nmessage-id:1-1\nsubscription:s\n\n^@", "missing id"},
	} {
		c := connect(t, b, tt.version)
		c.subscribe("s", "/queue/q", "client")
		c.send("/queue/q", "x")
		c.expectBody("x")
		c.write(tt.frame)
		c.expectError(tt.message)
		d := connect(t, b, "1.2")
		d.subscribe("clean", "/queue/q", "auto")
		d.expectBody("x")
		d.write("UNSUBSCRIBE\nid:clean\nreceipt:gone\n\n^@") // or it may still be there to take the next x
		d.expect("RECEIPT", "receipt-id:gone")
		d.nc.Close()
	}
}

// ACKs that cross an UNSUBSCRIBE mean nothing, but are no error.
func TestAckAfterUnsubscribeIsTolerated(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		fill(t, b, "/queue/q", 2)
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "client")
		m := c.expectBody("0")
		c.expectBody("1")
		c.write("UNSUBSCRIBE\nid:s\n\n^@" + settle("ACK", version, m, "receipt:r\n"))
		c.expect("RECEIPT", "receipt-id:r")
		c.subscribe("s", "/queue/q", "client")
		c.expectBody("0", "redelivered:true")
	})
}

// "the server MAY redeliver": what a dead connection has not acknowledged goes back
// to the head of the queue, in order, before what came later.
func TestUnackedGoBackToTheHead(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		fill(t, b, "/queue/q", 20)
		one, two := connect(t, b, version), connect(t, b, version)
		one.subscribe("s", "/queue/q", "client", "prefetch-count:4")
		two.subscribe("s", "/queue/q", "client", "activemq.prefetchSize:4")
		for i := range 4 {
			one.expectBody(fmt.Sprint(i))
			two.expectBody(fmt.Sprint(i + 4))
		}
		two.nc.Close()
		waitFor(t, func() bool { return b.Stats().Subscriptions == 1 })
		one.nc.Close()
		waitFor(t, func() bool { return b.Stats().Subscriptions == 0 })
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "auto")
		for i := range 20 {
			m := c.expectBody(fmt.Sprint(i))
			if _, again := m.lookup("redelivered"); again != (i < 8) {
				t.Errorf("got %v", m)
			}
		}
	})
}

func TestPrefetchBoundsUnacked(t *testing.T) {
	b := start(t, broker.Config{MaxUnacked: 5})
	for i, tt := range []struct {
		line string
		want int
	}{{"prefetch-count:2", 2}, {"activemq.prefetchSize:3", 3}, {"prefetch-count:0", 5}, {"prefetch-count:100", 5}, {"x:y", 5}} {
		destination := fmt.Sprintf("/queue/%d", i)
		fill(t, b, destination, 10)
		c := connect(t, b, "1.2")
		c.subscribe("s", destination, "client", tt.line)
		var last *received
		for i := range tt.want {
			last = c.expectBody(fmt.Sprint(i))
		}
		c.sync() // no more than that came
		c.write(settle("ACK", "1.2", last, ""))
		c.expectBody(fmt.Sprint(tt.want))
		c.nc.Close()
	}
	for _, line := range []string{"prefetch-count:-1", "prefetch-count:x", "activemq.prefetchSize:99999999999"} {
		c := connect(t, b, "1.2")
		c.write("SUBSCRIBE\nid:1\ndestination:/queue/q\nack:client\n" + line + "\n\n^@")
		c.expectError("malformed prefetch header")
	}
}

// A message that one subscription of a topic has refused repeatedly is new to the other
// subscriptions. Each of them may refuse it as often.
func TestNackOfATopicIsOfOneSubscription(t *testing.T) {
	b := start(t, broker.Config{MaxRedeliveries: 3})
	refuses, waits := connect(t, b, "1.2"), connect(t, b, "1.2")
	refuses.subscribe("s", "/topic/t", "client")
	waits.subscribe("s", "/topic/t", "client", "prefetch-count:1")
	p := connect(t, b, "1.2")
	p.send("/topic/t", "first")
	p.send("/topic/t", "second")
	first := waits.expectBody("first")
	refuses.write(settle("ACK", "1.2", refuses.expectBody("first"), ""))
	for range 4 {
		refuses.write(settle("NACK", "1.2", refuses.expectBody("second"), ""))
	}
	refuses.sync()
	if n := b.Stats().DeadLettered; n != 1 {
		t.Errorf("%d dead letters, want 1", n)
	}
	waits.write(settle("ACK", "1.2", first, ""))
	for i := range 4 {
		m := waits.expectBody("second")
		if _, again := m.lookup("redelivered"); again != (i > 0) {
			t.Errorf("delivery %d: %v", i, m)
		}
		waits.write(settle("NACK", "1.2", m, ""))
	}
	waits.sync()
	if st := b.Stats(); st.DeadLettered != 2 || st.Destinations != 2 {
		t.Errorf("%+v, want 2 dead letters", st)
	}
}
