package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// "This will cause the server to acknowledge the processing of the client frame
// with a RECEIPT frame", for any frame but CONNECT.
func TestReceiptForEachFrame(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		for _, f := range []string{
			"SUBSCRIBE\nid:s\ndestination:/queue/other\nack:client\nreceipt:1\n\n^@",
			"SEND\ndestination:/queue/q\nreceipt:2\n\nhello^@",
			"BEGIN\ntransaction:t\nreceipt:3\n\n^@",
			"SEND\ndestination:/queue/q\ntransaction:t\nreceipt:4\n\nhello^@",
			"COMMIT\ntransaction:t\nreceipt:5\n\n^@",
			"BEGIN\ntransaction:t\nreceipt:6\n\n^@",
			"ABORT\ntransaction:t\nreceipt:7\n\n^@",
			"UNSUBSCRIBE\nid:s\nreceipt:8\n\n^@",
			"DISCONNECT\nreceipt:9\n\n^@",
		} {
			c.write(f)
		}
		for _, id := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
			c.expect("RECEIPT", "receipt-id:"+id)
		}
		c.expectEnd()
	})
}

func TestReceiptForAck(t *testing.T) {
	b := start(t, broker.Config{})
	for _, command := range []string{"ACK", "NACK"} {
		c := connect(t, b, "1.2")
		c.send("/queue/"+command, "x")
		c.subscribe("s", "/queue/"+command, "client")
		m := c.expectBody("x")
		c.write(command + "\nid:" + m.get("ack") + "\nreceipt:r\n\n^@")
		for {
			if f := c.next(); f.command == "RECEIPT" {
				break
			}
		}
	}
}

// The receipt of SUBSCRIBE comes before the first MESSAGE.
func TestReceiptOfSubscribeComesFirst(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		p := connect(t, b, version)
		for range 50 {
			p.send("/queue/q", "waiting")
		}
		p.sync()
		c := connect(t, b, version)
		c.write("SUBSCRIBE\nid:s\ndestination:/queue/q\nreceipt:r\n\n^@")
		c.expect("RECEIPT", "receipt-id:r")
		c.expectBody("waiting")
	})
}

// A message that is sent after that receipt reaches the subscription.
func TestReceiptOfSubscribeMeansSubscribed(t *testing.T) {
	b := start(t, broker.Config{})
	p := connect(t, b, "1.2")
	for range 200 {
		c := connect(t, b, "1.2")
		c.subscribe("s", "/topic/t", "auto")
		p.send("/topic/t", "now")
		c.expectBody("now")
		c.nc.Close()
	}
}

// A receipt id is an arbitrary value and comes back as it was.
func TestReceiptKeepsItsID(t *testing.T) {
	b := start(t, broker.Config{})
	for _, tt := range []struct{ version, id string }{
		{"1.0", `a:b\c`}, {"1.1", `a\cb\nc\\d`}, {"1.2", `a\cb\nc\\d\re`}, {"1.2", "käse"}, {"1.2", ""},
	} {
		c := connect(t, b, tt.version)
		c.write("SEND\ndestination:/queue/q\nreceipt:" + tt.id + "\n\n^@")
		c.expect("RECEIPT", "receipt-id:"+tt.id)
	}
}

// After the receipt of DISCONNECT the connection holds nothing any more: a client need not wait
// until its socket is closed.
func TestDisconnectReceiptMeansGone(t *testing.T) {
	b := start(t, broker.Config{})
	for range 50 {
		fill(t, b, "/queue/q", 1)
		c := connect(t, b, "1.2")
		c.subscribe("s", "/queue/q", "client")
		c.expectBody("0")
		c.write("DISCONNECT\nreceipt:bye\n\n^@")
		c.expect("RECEIPT", "receipt-id:bye")
		if n := b.Stats().Subscriptions; n != 0 {
			t.Fatalf("%d subscriptions after it", n)
		}
		d := connect(t, b, "1.2")
		d.subscribe("s", "/queue/q", "auto")
		d.expectBody("0", "redelivered:true")
		d.write("DISCONNECT\nreceipt:bye\n\n^@")
		d.expect("RECEIPT", "receipt-id:bye")
	}
}

// What was sent before DISCONNECT is processed before its receipt.
// A peer that closes its side behind its last frame, as one does that pipes a file to us,
// gets its answers all the same.
func TestHalfClosedPeerIsAnswered(t *testing.T) {
	b := start(t, broker.Config{})
	server, trusting := certified(t)
	dialTLS := listenTLS(t, b, server, trusting)
	for i := range 50 {
		for _, last := range []string{"", "DISCONNECT\nreceipt:last\n\n^@", "SEND\n\n^@"} {
			dial := func() *client { return dial(t, b) }
			if i%2 > 0 {
				dial = dialTLS
			}
			c := dial()
			c.write("CONNECT\naccept-version:1.2\nhost:test\n\n^@SEND\ndestination:/topic/none\nreceipt:1\n\n^@" + last)
			_ = c.nc.(interface{ CloseWrite() error }).CloseWrite()
			c.expect("CONNECTED")
			c.expect("RECEIPT", "receipt-id:1")
			switch {
			case strings.HasPrefix(last, "DISCONNECT"):
				c.expect("RECEIPT", "receipt-id:last")
			case last != "":
				c.expect("ERROR")
			}
			c.expectEnd()
		}
	}
	waitFor(t, func() bool { return b.Stats().Connections == 0 })
}

func TestDisconnectReceiptComesLast(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "auto")
		for range 100 {
			c.send("/queue/q", "x")
		}
		c.write("DISCONNECT\nreceipt:bye\n\n^@SEND\ndestination:/queue/late\n\nafter the end^@")
		for range 100 {
			c.expectBody("x")
		}
		c.expect("RECEIPT", "receipt-id:bye")
		c.expectEnd()
		if n := b.Stats().MessagesIn; n != 100 {
			t.Errorf("%d messages taken, want 100: no frame counts after DISCONNECT", n)
		}
	})
}
