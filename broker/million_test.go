package broker_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// aMillion is how often the tests below try; the race detector makes them a matter of minutes.
func aMillion() int {
	if raceDetector || testing.Short() {
		return 20_000
	}
	return 1_000_000
}

// try sends frames, up to the one beyond a bound, on one connection after the other, until it has sent a million. Each
// connection has to end with that ERROR, and never may the broker hold more than most bytes.
func try(t *testing.T, b *broker.Broker, bound int, frame func(i int) string, message string, most int64) {
	t.Helper()
	text := []byte("CONNECT\naccept-version:1.2\nhost:h\n\n\x00")
	for i := range bound + 1 {
		text = append(text, wire(frame(i))...)
	}
	connections := aMillion()/(bound+1) + 1
	before := memory()
	for i := range connections {
		tryOnce(t, b, text, message, func() {
			if i%(connections/10+1) == 0 {
				grownLess(t, before, most)
			}
		})
	}
	if st := b.Stats(); st.Errors != uint64(connections) {
		t.Errorf("%+v, want %d errors", st, connections)
	}
	waitFor(t, func() bool { return b.Stats().Connections == 1 })
	grownLess(t, before, 2<<20)
}

func tryOnce(t *testing.T, b *broker.Broker, text []byte, message string, look func()) {
	t.Helper()
	nc, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := &client{t: t, nc: nc, r: bufio.NewReader(nc), wait: patience} // thousands of which cannot wait for the test's end
	last := len(text) - 1
	if _, err := nc.Write(text[:last]); err != nil {
		t.Fatal(err)
	}
	c.expect("CONNECTED")
	look()
	if _, err := nc.Write(text[last:]); err != nil {
		t.Fatal(err)
	}
	c.expectError(message)
	_ = nc.(*net.TCPConn).SetLinger(0) // leaves no port behind that would have to wait
}

// A million subscriptions are refused above the bound of each connection, and forgotten.
func TestHostileMillionSubscriptions(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	try(t, b, 1024, func(i int) string { return fmt.Sprintf("SUBSCRIBE\nid:%d\ndestination:/topic/%[1]d\n\n^@", i) },
		"too many subscriptions", 8<<20)
	if st := b.Stats(); st.Subscriptions != 1 || st.Destinations != 1 {
		t.Errorf("%+v", st)
	}
	check()
}

// To come and go is no reason to hold on to anything either.
func TestHostileMillionSubscriptionsThatGo(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	before := memory()
	c := connect(t, b, "1.2")
	const batch = 1000
	for i := range aMillion() / batch {
		var frames strings.Builder
		for j := range batch {
			fmt.Fprintf(&frames, "SUBSCRIBE\nid:%d\ndestination:/topic/%[1]d\n\n^@UNSUBSCRIBE\nid:%[1]d\n\n^@", i*batch+j)
		}
		c.write(frames.String())
	}
	c.sync()
	if st := b.Stats(); st.Destinations != 1 || st.Subscriptions != 1 {
		t.Errorf("%+v", st)
	}
	grownLess(t, before, 2<<20)
	check()
}

func TestHostileMillionTransactions(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	try(t, b, 256, func(i int) string { return fmt.Sprintf("BEGIN\ntransaction:%d\n\n^@", i) }, "too many transactions", 4<<20)
	check()
}

// Nor do transactions that end leave anything.
func TestHostileMillionTransactionsThatEnd(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	before := memory()
	c := connect(t, b, "1.2")
	const batch = 1000
	for i := range aMillion() / batch {
		var frames strings.Builder
		for j := range batch {
			fmt.Fprintf(&frames, "BEGIN\ntransaction:%d\n\n^@SEND\ndestination:/topic/none\ntransaction:%[1]d\n\nx^@%[2]s\ntransaction:%[1]d\n\n^@",
				i*batch+j, []string{"COMMIT", "ABORT"}[j%2])
		}
		c.write(frames.String())
	}
	c.sync()
	if st := b.Stats(); st.StoredBytes > 2000 || st.Destinations != 1 { // those of the served client
		t.Errorf("%+v", st)
	}
	grownLess(t, before, 2<<20)
	check()
}
