package broker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// "If a client or a server receives repeated frame header entries, only the first header entry SHOULD be used" (STOMP 1.2,
// Repeated Header Entries).
func TestFirstOfRepeatedHeadersCounts(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.write("SUBSCRIBE\nid:1\nid:2\ndestination:/queue/1\ndestination:/queue/2\nack:client\nack:auto\nreceipt:1\nreceipt:2\n\n^@")
		c.expect("RECEIPT", "receipt-id:1")
		c.write("BEGIN\ntransaction:1\ntransaction:2\n\n^@")
		c.send("/queue/1", "x", "destination:/queue/2", "transaction:1", "transaction:2", "receipt:3", "receipt:4")
		c.expect("RECEIPT", "receipt-id:3")
		c.write("COMMIT\ntransaction:1\ntransaction:2\n\n^@")
		m := c.expectBody("x", "subscription:1", "destination:/queue/1")
		c.write(settle("ACK", version, m, "id:0-0\nmessage-id:0-0\nreceipt:5\nreceipt:6\n"))
		c.expect("RECEIPT", "receipt-id:5")
	})
}

// "A server MAY ... reject unknown commands with an ERROR frame and close the connection" (STOMP 1.2, Client Frames).
// Commands are case-sensitive.
func TestUnknownCommandIsRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		for _, command := range []string{"HELLO", "send", "SENDS", "SEN", " SEND"} {
			c := connect(t, b, version)
			c.write(command + "\ndestination:/queue/q\n\n^@")
			c.expectError("malformed frame")
		}
	})
}

// NACK is there since 1.1.
func TestNackIsUnknownTo10(t *testing.T) {
	b := start(t, broker.Config{})
	fill(t, b, "/queue/q", 1)
	c := connect(t, b, "1.0")
	c.subscribe("s", "/queue/q", "client")
	c.write(settle("NACK", "1.0", c.expectBody("0"), "receipt:r\n"))
	c.expectError("unknown command", "receipt-id:r")
}

// "Only the SEND, MESSAGE, and ERROR frames MAY have a body. All other frames MUST NOT have a body" (STOMP 1.1 and 1.2); on
// 1.0 any frame may, and that of a SUBSCRIBE is ignored.
func TestBodyOfOtherFrames(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.write("SUBSCRIBE\nid:1\ndestination:/queue/q\nreceipt:r\n\nbody^@")
		if version == "1.0" {
			c.expect("RECEIPT", "receipt-id:r")
		} else {
			c.expectError("malformed frame")
		}
	})
}

// "All frames MAY include a content-length header" (STOMP 1.2), and unknown headers.
func TestHeadersOfAnyFrame(t *testing.T) {
	const more = "content-length:0\nx-whatever:1\n"
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		fill(t, b, "/queue/q", 1)
		c := dial(t, b)
		c.write("CONNECT\naccept-version:" + version + "\nhost:test\n" + more + "\n^@")
		c.expect("CONNECTED", "version:"+version)
		c.write("SUBSCRIBE\nid:1\ndestination:/queue/q\nack:client\n" + more + "\n^@")
		c.write(settle("ACK", version, c.expectBody("0"), more+"receipt:1\n"))
		c.expect("RECEIPT", "receipt-id:1")
		c.write("BEGIN\ntransaction:t\n" + more + "\n^@ABORT\ntransaction:t\n" + more + "\n^@UNSUBSCRIBE\nid:1\n" + more + "\n^@" +
			"DISCONNECT\nreceipt:2\n" + more + "\n^@")
		c.expect("RECEIPT", "receipt-id:2")
	})
}

// "The NULL octet can be optionally followed by multiple EOLs" (STOMP 1.2, STOMP Frames), and heart-beats are EOLs, so there
// may be any number between frames, and before the first.
func TestEOLsBetweenFrames(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		eols := strings.Repeat("\n", 1000)
		if version == "1.2" {
			eols = strings.Repeat("\n\r\n", 500)
		}
		c := dial(t, b)
		c.write("\n\nCONNECT\naccept-version:" + version + "\nhost:test\n\n^@")
		c.expect("CONNECTED", "version:"+version)
		for range 3 {
			c.write(eols)
			c.write("SEND\ndestination:/queue/q\nreceipt:r\n\n^@" + eols)
			c.expect("RECEIPT", "receipt-id:r")
		}
	})
}

// A peer that expects heart-beats waits for "any new data" (STOMP 1.2, Heart-beating): half a frame
// is some.
func TestHalfAFrameIsASignOfLife(t *testing.T) {
	inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, c *client) {
		c.write("CONNECT\naccept-version:1.2\nhost:h\nheart-beat:10000,0\n\n^@")
		c.expect("CONNECTED")
		for _, part := range []string{"SEND\n", "destination:/queue/q\nreceipt:r\n\n^@"} {
			time.Sleep(20 * time.Second) // silence is suffered for 25
			c.write(part)
		}
		c.expect("RECEIPT", "receipt-id:r")
	})
}
