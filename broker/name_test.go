package broker_test

import (
	"testing"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// Real brokers take such names for patterns. Here they would be destinations that get nothing.
func TestWildcardsAreRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		for _, name := range []string{"queue.*", "a.>", "/queue/a.*", "/queue/*", "/queue/*.a", "/topic/>", "/topic/a.#", "/topic/a/#", ">", "*", "#", "/queue/a.*.b", "/temp-topic/a.*"} {
			expectNameRefused(t, b, version, name, "wildcard in a destination")
		}
		c := connect(t, b, version)
		for i, name := range []string{"/queue/a*", "/queue/*a.b", "/queue/a>b", "/topic/#general", "/queue/**"} {
			c.subscribe("s"+string(rune('0'+i)), name, "auto")
			c.send(name, "x")
			c.expectBody("x", "destination:"+name)
		}
	})
}

func TestEmptyNamesAreRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		for _, name := range []string{"/queue/", "/topic/", "/temp-queue/", "/temp-topic/", "/temp-queue/@1/", "/temp-topic/@99/"} {
			expectNameRefused(t, b, version, name, "empty destination name")
		}
	})
}

// expectNameRefused checks SUBSCRIBE, SEND, and SEND in a transaction and with an injected delay.
func expectNameRefused(t *testing.T, b *broker.Broker, version, name, message string) {
	t.Helper()
	for _, text := range []string{
		"SUBSCRIBE\nid:1\ndestination:" + name + "\nreceipt:r\n\n^@",
		"SEND\ndestination:" + name + "\nreceipt:r\n\nx^@",
		"BEGIN\ntransaction:t\n\n^@SEND\ndestination:" + name + "\ntransaction:t\nreceipt:r\n\nx^@",
	} {
		c := connect(t, b, version)
		c.write(text)
		c.expectError(message, "receipt-id:r")
	}
	b.Inject(func(uint64, *frame.Frame) broker.Fault { return broker.Delay(1) })
	defer b.Inject(nil)
	c := connect(t, b, version)
	c.write("SEND\ndestination:" + name + "\nreceipt:r\n\nx^@")
	c.expectError(message, "receipt-id:r")
}
