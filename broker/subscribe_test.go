package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// "different subscriptions MUST use different subscription identifiers" within a
// connection; other connections have their own.
func TestSubscriptionIDIsUnique(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		other := connect(t, b, version)
		other.subscribe("s", "/queue/a", "auto")
		c := connect(t, b, version)
		c.subscribe("s", "/queue/a", "auto")
		c.write("SUBSCRIBE\nid:s\ndestination:/queue/b\nreceipt:r\n\n^@")
		c.expectError("duplicate subscription id", "receipt-id:r")
		other.sync()
	})
}

func TestSubscribeIsRefused(t *testing.T) {
	b := start(t, broker.Config{MaxSubscriptions: 2})
	long := strings.Repeat("x", 1100)
	for _, tt := range []struct{ version, lines, message string }{
		{"1.0", "id:1\n", "missing destination"},
		{"1.2", "id:1\n", "missing destination"},
		{"1.2", "id:1\ndestination:\n", "missing destination"},
		{"1.1", "destination:/queue/q\n", "missing id"},
		{"1.2", "destination:/queue/q\n", "missing id"},
		{"1.2", "id:\ndestination:/queue/q\n", "missing id"},
		{"1.2", "id:1\ndestination:/queue/q\nack:sometimes\n", "unknown ack mode"},
		{"1.2", "id:1\ndestination:/queue/q\nselector:a > 1\n", "selector is not supported"},
		{"1.2", "id:" + long + "\ndestination:/queue/q\n", "name is too long"},
		{"1.2", "id:1\ndestination:/queue/" + long + "\n", "name is too long"},
	} {
		t.Run(tt.message, func(t *testing.T) {
			c := connect(t, b, tt.version)
			c.write("SUBSCRIBE\n" + tt.lines + "receipt:r\n\n^@")
			c.expectError(tt.message, "receipt-id:r")
		})
	}
}

// After UNSUBSCRIBE's receipt nothing comes any more, and others get the messages.
func TestUnsubscribeEnds(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "client")
		c.send("/queue/q", "0")
		c.expectBody("0")
		c.write("UNSUBSCRIBE\nid:s\nreceipt:r\n\n^@")
		c.expect("RECEIPT", "receipt-id:r")
		c.send("/queue/q", "1")
		c.sync()
		d := connect(t, b, version)
		d.subscribe("s", "/queue/q", "auto")
		d.expectBody("0", "redelivered:true")
		d.expectBody("1")
	})
}

func TestUnsubscribeUnknownIsRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		for _, lines := range []string{"id:x\n", "", "id:s\n", "destination:/queue/x\n"} {
			c := connect(t, b, version)
			c.subscribe("s", "/queue/q", "auto")
			c.write("UNSUBSCRIBE\nid:s\n\n^@UNSUBSCRIBE\n" + lines + "receipt:r\n\n^@")
			c.expectError("unknown subscription", "receipt-id:r")
		}
	})
}

// 1.0: the id of SUBSCRIBE is optional, MESSAGE then has no subscription header,
// and UNSUBSCRIBE may name the destination.
func TestSubscribeWithoutID10(t *testing.T) {
	b := start(t, broker.Config{})
	c := connect(t, b, "1.0")
	c.write("SUBSCRIBE\ndestination:/queue/q\nack:client\nreceipt:r\n\n^@")
	c.expect("RECEIPT")
	c.send("/queue/q", "0")
	m := c.expectBody("0", "destination:/queue/q")
	if _, has := m.lookup("subscription"); has {
		t.Errorf("got %v, want no subscription header", m)
	}
	c.write("ACK\nmessage-id:" + m.get("message-id") + "\nreceipt:a\n\n^@")
	c.expect("RECEIPT", "receipt-id:a")
	c.write("UNSUBSCRIBE\ndestination:/queue/q\nreceipt:u\n\n^@")
	c.expect("RECEIPT", "receipt-id:u")
	c.subscribe("named", "/queue/q", "auto")
	c.write("UNSUBSCRIBE\ndestination:/queue/q\nreceipt:v\n\n^@")
	c.expect("RECEIPT", "receipt-id:v")
	if n := b.Stats().Subscriptions; n != 0 {
		t.Errorf("%d subscriptions, want 0", n)
	}
}

// Queues and topics that are empty and unused do not pile up.
func TestIdleDestinationsGo(t *testing.T) {
	b := start(t, broker.Config{})
	c := connect(t, b, "1.2")
	for _, name := range []string{"/queue/a", "/topic/b", "c", "/temp-queue/d"} {
		c.subscribe("s", name, "auto")
		c.send(name, "x")
		c.expectBody("x", "destination:"+name)
		c.write("UNSUBSCRIBE\nid:s\n\n^@")
		c.send(name, "later")
	}
	c.write("DISCONNECT\nreceipt:r\n\n^@")
	c.expect("RECEIPT", "receipt-id:r")
	// The messages in the two named queues are waiting.
	if st := b.Stats(); st.Destinations != 2 || st.MessagesIn < 6 {
		t.Errorf("%+v", st)
	}
}
