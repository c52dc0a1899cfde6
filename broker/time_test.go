package broker_test

import (
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// inBubble runs a test with one client over a pipe, on a clock that jumps.
func inBubble(t *testing.T, cfg broker.Config, run func(t *testing.T, b *broker.Broker, c *client)) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		c := pipe(t, b)
		defer func() { // also after a Fatal: no goroutine may be left in the bubble
			c.nc.Close()
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}()
		run(t, b, c)
	})
}

// pipe returns a client over a pipe of its own, for a clock that jumps.
func pipe(t *testing.T, b *broker.Broker) *client {
	near, far := net.Pipe()
	b.ServeConn(far)
	c := newClient(t, near)
	c.wait = 100 * time.Hour
	return c
}

// ended returns how long it takes until the broker ends the connection, reading
// what comes until then.
func (c *client) ended() time.Duration {
	began := time.Now()
	for {
		if _, err := c.r.ReadByte(); err != nil {
			return time.Since(began)
		}
	}
}

// isTimeout reports whether what took so long was ended by that timeout: a link looks at
// it twice, within a second.
func isTimeout(took, timeout time.Duration) bool {
	return took >= timeout && took <= timeout+time.Second
}

func TestConnectDeadline(t *testing.T) {
	inBubble(t, broker.Config{ConnectTimeout: 3 * time.Second}, func(t *testing.T, b *broker.Broker, c *client) {
		c.write("CONNECT\naccept-version:1.2\n")
		if took := c.ended(); !isTimeout(took, 3*time.Second) {
			t.Errorf("the connection was closed after %v, want 3s", took)
		}
	})
}

func TestConnectDeadlineEndsWithConnect(t *testing.T) {
	inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.2")
		time.Sleep(24 * time.Hour)
		c.sync()
	})
}

// The heart-beat maths: each direction is 0 if either side says 0, else the larger
// of the two. We send at half of it and wait for two and a half.
func TestHeartBeatNegotiation(t *testing.T) {
	second := time.Second
	for _, tt := range []struct {
		name        string
		theirs      string
		ours        frame.HeartBeat
		beats, dead time.Duration // 0 for never
	}{
		{"none", "", frame.HeartBeat{Send: 10 * second, Receive: 10 * second}, 0, 0},
		{"0,0", "heart-beat:0,0\n", frame.HeartBeat{Send: 10 * second, Receive: 10 * second}, 0, 0},
		{"we are slower", "heart-beat:1000,2000\n", frame.HeartBeat{Send: 10 * second, Receive: 20 * second}, 5 * second, 50 * second},
		{"they are slower", "heart-beat:40000,30000\n", frame.HeartBeat{Send: 10 * second, Receive: 20 * second}, 15 * second, 100 * second},
		{"they only send", "heart-beat:40000,0\n", frame.HeartBeat{Send: 10 * second, Receive: 20 * second}, 0, 100 * second},
		{"they only listen", "heart-beat:0,30000\n", frame.HeartBeat{Send: 10 * second, Receive: 20 * second}, 15 * second, 0},
		{"the default", "heart-beat:1,1\n", frame.HeartBeat{}, second / 2, 5 * second / 2},
		{"we want none", "heart-beat:1000,1000\n", frame.HeartBeat{Send: -1, Receive: -1}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, broker.Config{HeartBeat: tt.ours}, func(t *testing.T, b *broker.Broker, c *client) {
				c.write("CONNECT\naccept-version:1.2\nhost:h\n" + tt.theirs + "\n^@")
				c.expect("CONNECTED")
				began := time.Now()
				_ = c.nc.SetReadDeadline(began.Add(time.Hour))
				var beats, dead time.Duration
				for {
					octet, err := c.r.ReadByte()
					if err == nil && octet != '\n' {
						t.Fatalf("got %q, want a heart-beat", octet)
					}
					if err == nil && beats == 0 {
						beats = time.Since(began)
					}
					if err != nil {
						if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
							dead = time.Since(began)
						}
						break
					}
				}
				if beats != tt.beats || dead != tt.dead && !(tt.dead > 0 && isTimeout(dead, tt.dead)) {
					t.Errorf("heart-beat after %v, closed after %v; want %v and %v", beats, dead, tt.beats, tt.dead)
				}
			})
		})
	}
}

// Any byte of the peer counts as a sign of life.
func TestHeartBeatsKeepTheConnection(t *testing.T) {
	inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, c *client) {
		c.write("CONNECT\naccept-version:1.2\nhost:h\nheart-beat:10000,0\n\n^@")
		c.expect("CONNECTED")
		for range 100 {
			time.Sleep(10 * time.Second)
			c.write("\n")
		}
		c.sync()
		if took := c.ended(); !isTimeout(took, 25*time.Second) {
			t.Errorf("closed %v after the last byte, want 25s", took)
		}
	})
}

// A frame that is never finished ends its connection.
func TestUnfinishedFrameDeadline(t *testing.T) {
	inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.2")
		c.write("SEND\ndestination:/queue/a\n")
		if took := c.ended(); took < 29*time.Second || took > 32*time.Second {
			t.Errorf("closed after %v, want about 30s", took)
		}
	})
}

// ServeConn serves pipes without any goroutine that outlives them.
func TestServeConnOverPipe(t *testing.T) {
	inBubble(t, broker.Config{}, func(t *testing.T, b *broker.Broker, c *client) {
		c.connect("1.1")
		c.subscribe("s", "/queue/q", "client")
		c.send("/queue/q", "hello")
		m := c.expectBody("hello")
		c.write(settle("ACK", "1.1", m, "receipt:r\n"))
		c.expect("RECEIPT", "receipt-id:r")
		if b.URI() != "" || b.Addr() != nil {
			t.Error("a broker that does not listen has an address")
		}
	})
}

// A consumer that does not read holds up its producers until WriteTimeout closes it. A topic then
// waits for no consumer, and a queue keeps its messages.
func TestConsumerThatNeverReadsHoldsProducers(t *testing.T) {
	const bound, sent = 1 << 20, 8 << 20
	body := strings.Repeat("x", 1000)
	for _, destination := range []string{"/queue/q", "/topic/q"} {
		inBubble(t, broker.Config{QueueBytes: bound, WriteTimeout: time.Minute}, func(t *testing.T, b *broker.Broker, c *client) {
			c.connect("1.2")
			c.subscribe("s", destination, "auto")
			p := pipe(t, b)
			p.connect("1.2")
			written := make(chan int, 1)
			go func() {
				written <- floodFor(p.nc, sent, time.Hour, func(int) string { return "SEND\ndestination:" + destination + "\n\n" + body + "^@" })
			}()
			expect := func(subscriptions, held int) {
				t.Helper()
				synctest.Wait()
				st := b.Stats()
				if st.Subscriptions != subscriptions || st.HeldProducers != held ||
					held > 0 && (st.StoredBytes < bound || st.StoredBytes > 2*bound) {
					t.Errorf("%s: %+v, want %d subscriptions and %d held", destination, st, subscriptions, held)
				}
			}
			time.Sleep(time.Minute - time.Second)
			expect(1, 1)
			time.Sleep(2 * time.Second)
			if destination == "/topic/q" {
				if n := <-written; n < sent {
					t.Errorf("the producer stopped after %d bytes", n)
				}
				expect(0, 0)
				return
			}
			expect(0, 1)
			p.nc.Close()
			<-written
		})
	}
}
