package broker_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// A session that fills its own temporary queue waits for itself: no other session can empty the
// queue, and its own frames are not read. The broker ends such a session after a while, also if its
// peer has sent DISCONNECT and is gone.
func TestFullTemporaryQueueOfOnesOwn(t *testing.T) {
	for _, gone := range []bool{false, true} {
		inBubble(t, broker.Config{QueueBytes: 64 << 10, WriteTimeout: 10 * time.Second}, func(t *testing.T, b *broker.Broker, other *client) {
			other.connect("1.2")
			c := pipe(t, b)
			c.connect("1.2")
			c.subscribe("s", "/temp-queue/mine", "client", "prefetch-count:1")
			body := strings.Repeat("x", 60<<10)
			go io.Copy(io.Discard, c.nc)
			c.send("/temp-queue/mine", body)
			synctest.Wait()
			if st := b.Stats(); st.HeldProducers != 1 {
				t.Fatalf("%+v, want a producer that is held", st)
			}
			if gone {
				c.nc.Close()
			}
			time.Sleep(9 * time.Second)
			if st := b.Stats(); !gone && st.Connections != 2 {
				t.Errorf("%+v, want it still there", st)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if st := b.Stats(); st.Connections != 1 || st.StoredBytes != 0 || st.Destinations != 0 {
				t.Errorf("%+v, want nothing of it left", st)
			}
			c.nc.Close()
		})
	}
}

// One that reads what it has sent is held up no longer than that takes.
func TestFullTemporaryQueueThatIsRead(t *testing.T) {
	inBubble(t, broker.Config{QueueBytes: 64 << 10, WriteTimeout: 10 * time.Second}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.2")
		c.subscribe("s", "/temp-queue/mine", "auto")
		const n = 50
		body := strings.Repeat("x", 30<<10)
		go func() {
			for range n {
				c.send("/temp-queue/mine", body)
			}
		}()
		for range n {
			time.Sleep(3 * time.Second)
			c.expectBody(body)
		}
		time.Sleep(time.Minute)
		c.sync()
	})
}
