package broker_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// A reply-to with a temporary name is rewritten to one that the receiver can use.
func TestTempQueueCarriesReplies(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		for _, ack := range []string{"auto", "client"} {
			asks, answers := connect(t, b, version), connect(t, b, version)
			answers.subscribe("s", "/queue/ask", ack)
			asks.subscribe("r", "/temp-queue/answers", "auto")
			asks.send("/queue/ask", "?", "reply-to:/temp-queue/answers", "x:y")
			m := answers.expectBody("?", "x:y")
			to := m.get("reply-to")
			if !strings.HasPrefix(to, "/temp-queue/") || to == "/temp-queue/answers" {
				t.Fatalf("got %v", m)
			}
			answers.send(to, "!")
			asks.expectBody("!", "subscription:r", "destination:/temp-queue/answers")
			// Or it may still be there to take the next question.
			answers.write("UNSUBSCRIBE\nid:s\nreceipt:gone\n\n^@")
			answers.expect("RECEIPT", "receipt-id:gone")
		}
	})
}

// The same temporary name means different queues to different connections.
func TestTempQueuesArePrivate(t *testing.T) {
	b := start(t, broker.Config{})
	one, two := connect(t, b, "1.2"), connect(t, b, "1.2")
	one.subscribe("s", "/temp-queue/a", "auto")
	two.subscribe("s", "/temp-queue/a", "auto")
	one.send("/temp-queue/a", "one")
	two.send("/temp-queue/a", "two")
	one.expectBody("one")
	two.expectBody("two")
	two.write("SUBSCRIBE\nid:x\ndestination:/temp-queue/@1/a\n\n^@")
	two.expectError("foreign temporary destination")
}

// They end with their connection, and so does what they hold.
func TestTempQueuesEndWithTheConnection(t *testing.T) {
	b := start(t, broker.Config{})
	one, two := connect(t, b, "1.2"), connect(t, b, "1.2")
	one.send("/temp-queue/a", "kept for a while")
	one.send("/queue/where", "", "reply-to:/temp-queue/a")
	one.sync()
	two.subscribe("s", "/queue/where", "auto")
	to := two.expect("MESSAGE").get("reply-to")
	one.nc.Close()
	waitFor(t, func() bool { return b.Stats().Connections == 1 })
	two.send(to, "nobody")
	two.sync()
	if st := b.Stats(); st.StoredBytes != 0 || st.Unrouted != 1 || st.Destinations != 1 {
		t.Errorf("%+v", st)
	}
}
