package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

func TestTransactionCommits(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "auto")
		c.write("BEGIN\ntransaction:tx\n\n^@")
		c.send("/queue/q", "1", "transaction:tx", "x:y")
		c.send("/queue/q", "outside")
		c.send("/queue/q", "2", "transaction:tx")
		c.write("COMMIT\ntransaction:tx\n\n^@")
		c.expectBody("outside")
		m := c.expectBody("1", "x:y")
		if _, has := m.lookup("transaction"); has {
			t.Errorf("got %v, want no transaction header", m)
		}
		c.expectBody("2")
	})
}

func TestTransactionAborts(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		fill(t, b, "/queue/in", 1)
		c := connect(t, b, version)
		c.subscribe("out", "/queue/out", "auto")
		c.subscribe("in", "/queue/in", "client")
		m := c.expectBody("0")
		c.write("BEGIN\ntransaction:tx\n\n^@")
		c.send("/queue/out", "never", "transaction:tx")
		c.write(settle("ACK", version, m, "transaction:tx\n"))
		c.write("ABORT\ntransaction:tx\nreceipt:r\n\n^@")
		c.expect("RECEIPT", "receipt-id:r")
		// The message is still unacknowledged.
		c.write(settle("ACK", version, m, "receipt:a\n"))
		c.expect("RECEIPT", "receipt-id:a")
	})
}

func TestTransactionHoldsAcks(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		fill(t, b, "/queue/q", 2)
		c := connect(t, b, version)
		c.subscribe("s", "/queue/q", "client", "prefetch-count:1")
		m := c.expectBody("0")
		c.write("BEGIN\ntransaction:tx\n\n^@" + settle("ACK", version, m, "transaction:tx\nreceipt:a\n"))
		c.expect("RECEIPT", "receipt-id:a")
		if b.Stats().MessagesOut != 1 {
			t.Error("the ACK took effect before COMMIT")
		}
		c.write("COMMIT\ntransaction:tx\nreceipt:c\n\n^@")
		c.expectBody("1")
		c.expect("RECEIPT", "receipt-id:c")
	})
}

// "if the connection fails ... MUST be implicitly aborted", on DISCONNECT too.
func TestTransactionImplicitAbort(t *testing.T) {
	for _, end := range []string{"", "DISCONNECT\n\n^@", "DISCONNECT\nreceipt:r\n\n^@"} {
		b := start(t, broker.Config{})
		fill(t, b, "/queue/q", 1)
		c := connect(t, b, "1.2")
		c.subscribe("s", "/queue/q", "client")
		m := c.expectBody("0")
		c.write("BEGIN\ntransaction:tx\n\n^@" + settle("ACK", "1.2", m, "transaction:tx\n"))
		c.send("/queue/q", "never", "transaction:tx")
		c.sync()
		c.write(end)
		c.nc.Close()
		waitFor(t, func() bool { return b.Stats().Connections == 0 })
		d := connect(t, b, "1.2")
		d.subscribe("s", "/queue/q", "auto")
		d.expectBody("0", "redelivered:true")
		d.sync() // nothing else came
	}
}

// A COMMIT that could be carried out in part only is refused, and nothing of it happens.
func TestTransactionCommitsAllOrNothing(t *testing.T) {
	b := start(t, broker.Config{MaxDestinations: 3, MaxDestinationsPerConnection: 3})
	fill(t, b, "/queue/in", 1)
	c := connect(t, b, "1.2")
	c.subscribe("in", "/queue/in", "client")
	m := c.expectBody("0")
	c.write("BEGIN\ntransaction:tx\n\n^@" + settle("ACK", "1.2", m, "transaction:tx\n"))
	for _, name := range []string{"/queue/1", "/queue/2", "/queue/1", "/queue/3"} {
		c.send(name, "never", "transaction:tx")
	}
	c.write("COMMIT\ntransaction:tx\nreceipt:r\n\n^@")
	c.expectError("too many destinations", "receipt-id:r")
	c.nc.Close()
	waitFor(t, func() bool { return b.Stats().Connections == 0 })
	if st := b.Stats(); st.MessagesIn != 1 || st.Destinations != 1 {
		t.Errorf("%+v, want what was there before, and no more", st)
	}
	d := connect(t, b, "1.2")
	d.subscribe("in", "/queue/in", "auto")
	d.expectBody("0", "redelivered:true")
	waitFor(t, func() bool { return b.Stats().StoredBytes == 0 })
}

func TestUnknownTransactionIsRefused(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		fill(t, b, "/queue/q", 1)
		for _, frame := range []string{
			"COMMIT\ntransaction:x\nreceipt:r\n\n^@",
			"ABORT\ntransaction:x\nreceipt:r\n\n^@",
			"COMMIT\nreceipt:r\n\n^@",
			"SEND\ndestination:/queue/q\ntransaction:x\nreceipt:r\n\n^@",
			"ACK",
			"BEGIN\ntransaction:x\n\n^@ABORT\ntransaction:x\n\n^@COMMIT\ntransaction:x\nreceipt:r\n\n^@",
		} {
			c := connect(t, b, version)
			c.subscribe("s", "/queue/q", "client")
			m := c.expectBody("0")
			if frame == "ACK" {
				frame = settle("ACK", version, m, "transaction:x\nreceipt:r\n")
			}
			c.write(frame)
			c.expectError("unknown transaction", "receipt-id:r")
		}
	})
}

func TestBeginIsRefused(t *testing.T) {
	b := start(t, broker.Config{MaxTransactions: 2})
	for _, tt := range []struct{ frames, message string }{
		{"BEGIN\ntransaction:x\n\n^@BEGIN\ntransaction:x\nreceipt:r\n\n^@", "duplicate transaction"},
		{"BEGIN\nreceipt:r\n\n^@", "missing transaction"},
		{"BEGIN\ntransaction:" + strings.Repeat("x", 1100) + "\nreceipt:r\n\n^@", "name is too long"},
		{"BEGIN\ntransaction:1\n\n^@BEGIN\ntransaction:2\n\n^@BEGIN\ntransaction:3\nreceipt:r\n\n^@", "too many transactions"},
	} {
		c := connect(t, b, "1.2")
		c.write(tt.frames)
		c.expectError(tt.message, "receipt-id:r")
	}
}

// What open transactions hold is bounded, and given back by the refusal.
func TestTransactionIsBounded(t *testing.T) {
	b := start(t, broker.Config{TransactionBytes: 64 << 10})
	c := connect(t, b, "1.2")
	c.write("BEGIN\ntransaction:1\n\n^@BEGIN\ntransaction:2\n\n^@")
	for i := range 100 {
		c.send("/queue/q", strings.Repeat("x", 1000), "transaction:"+[]string{"1", "2"}[i%2])
	}
	c.expectError("transaction is too large")
	if st := b.Stats(); st.MessagesIn != 0 {
		t.Errorf("%+v, want nothing taken", st)
	}
}
