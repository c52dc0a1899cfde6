package broker_test

import (
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// served checks, for as long as a test runs, that others are served: a message goes
// round every few milliseconds, and once more when check is called.
func served(t *testing.T, b *broker.Broker) (check func()) {
	t.Helper()
	c := bystander(t, b)
	c.subscribe("s", "/queue/others", "client")
	stop, done := make(chan struct{}), make(chan struct{})
	var rounds atomic.Int64
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			c.send("/queue/others", "ping")
			m, err := c.read()
			if err != nil {
				t.Errorf("another connection was not served: %v", err)
				return
			}
			c.write(settle("ACK", "1.2", m, ""))
			rounds.Add(1)
		}
	}()
	return func() {
		t.Helper()
		before := rounds.Load()
		waitFor(t, func() bool { return rounds.Load() > before })
		close(stop)
		<-done
	}
}

// bystander connects however short the time for it is: a busy machine may have to try
// again.
func bystander(t *testing.T, b *broker.Broker) *client {
	t.Helper()
	for range 100 {
		c := dial(t, b)
		_, _ = c.nc.Write(wire("CONNECT\naccept-version:1.2\nhost:test\n\n^@"))
		if f, err := c.read(); err == nil && f.command == "CONNECTED" {
			return c
		}
		c.nc.Close()
	}
	t.Fatal("no connection")
	return nil
}

// memory returns the bytes in use after a collection.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// grownLess fails if more than most bytes are in use above those before, and stay so:
// what a connection had is let go some time after it is gone. It returns how many.
func grownLess(t *testing.T, before uint64, most int64) (grown int64) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if grown = int64(memory()) - int64(before); grown <= most {
			return grown
		}
		if time.Now().After(deadline) {
			t.Errorf("%d KiB more are in use, want at most %d", grown>>10, most>>10)
			return grown
		}
	}
}

// flood writes what next returns until the peer closes, and returns how many bytes
// went out.
func flood(nc net.Conn, limit int, next func(i int) string) (written int) {
	return floodFor(nc, limit, patience, next)
}

// floodFor is flood that ends when the peer has stopped to read for a while, too.
func floodFor(nc net.Conn, limit int, patience time.Duration, next func(i int) string) (written int) {
	defer func() { _ = nc.SetWriteDeadline(time.Time{}) }()
	for i := 0; written < limit; i++ {
		_ = nc.SetWriteDeadline(time.Now().Add(patience))
		n, err := nc.Write(wire(next(i)))
		written += n
		if err != nil {
			return written
		}
	}
	return written
}

// A SEND that cannot be processed is answered with ERROR, and the connection closes.
func TestHostileSendWithoutDestination(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *broker.Broker, version string) {
		check := served(t, b)
		for _, lines := range []string{"receipt:r\n", "destination:\nreceipt:r\n", "destination:/queue/" + strings.Repeat("x", 2000) + "\nreceipt:r\n"} {
			c := connect(t, b, version)
			c.write("SEND\n" + lines + "\nbody^@")
			f := c.expect("ERROR", "receipt-id:r", "content-type:text/plain;charset=utf-8")
			if f.get("message") == "" || f.body == "" {
				t.Errorf("got %v", f)
			}
			c.expectEnd()
		}
		check()
	})
}

// Bytes that are no frames end their connection, and nothing else.
func TestHostileBytes(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "send\n\n^@", "\x00\x00\x00", "SEND\nno colon\n\n^@", "SEND\n:no name\n\n^@",
		"SEND\ndestination:a\\tb\n\n^@", "SEND\ndestination:a\ncontent-length:-1\n\n^@", "SEND\ndestination:a\ncontent-length:1x\n\n^@",
		"SEND\ndestination:a\ncontent-length:1\n\nabc^@", "SUBSCRIBE\nid:1\ndestination:a\n\nbody^@", "SEND\ndestination:a\xff\n\n^@",
		"SEND\ndestination:a\ncontent-length:99999999999999999999\n\n", "SEND\ndestination:a\ncontent-length:1099511627776\n\n",
		"SEND\n" + strings.Repeat("a:b\n", 200), "SEND\na:" + strings.Repeat("x", 10000), strings.Repeat("X", 100),
	} {
		for _, first := range []string{"", "CONNECT\naccept-version:1.2\nhost:x\n\n^@"} {
			c := dial(t, b)
			c.write(first + text)
			for {
				f, err := c.read()
				if err != nil {
					if ne, ok := err.(net.Error); ok && ne.Timeout() {
						t.Errorf("%.40q after %.10q: the connection stays open", text, first)
					}
					break
				}
				if f.command != "CONNECTED" && f.command != "ERROR" {
					t.Errorf("%.40q: got %v", text, f)
				}
			}
		}
	}
	if n := b.Stats().Destinations; n != 1 { // that of the served client
		t.Errorf("there are %d destinations", n)
	}
	check()
}

// Before login a peer can make us hold 16 KiB, not more.
func TestHostileHeaderBeforeLogin(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	before := memory()
	for _, line := range []string{"a:" + strings.Repeat("x", 1000) + "\n", "a:\n", strings.Repeat("x", 1000)} {
		c := dial(t, b)
		n := flood(c.nc, 64<<20, func(i int) string {
			if i == 0 {
				return "CONNECT\n"
			}
			return line
		})
		if n >= 64<<20 { // less is what the sockets hold
			t.Errorf("%d bytes of header were taken", n)
		}
	}
	grownLess(t, before, 1<<20)
	check()
}

// One byte a time keeps a connection no longer than ConnectTimeout.
func TestHostileHeaderDrip(t *testing.T) {
	b := start(t, broker.Config{ConnectTimeout: time.Second})
	check := served(t, b)
	c := dial(t, b)
	drip := "CONNECT\nx:" + strings.Repeat("x", 4000) // for 20 s
	for i := 0; ; i++ {
		if i == len(drip) {
			t.Fatal("the drip was let go on to its end")
		}
		if _, err := io.WriteString(c.nc, drip[i:i+1]); err != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	check()
}

// A peer that says nothing at all is not kept either.
func TestHostileSilence(t *testing.T) {
	const n = 200
	b := start(t, broker.Config{ConnectTimeout: time.Second})
	check := served(t, b)
	before, accepted := memory(), b.Stats().Accepted
	for range n {
		dial(t, b)
	}
	waitFor(t, func() bool { return b.Stats().Connections == 1 && b.Stats().Accepted == accepted+n })
	grownLess(t, before, 4<<20)
	check()
}

// A terabyte is refused when it is announced, whatever the limit; of the two gigabytes that
// a limit can allow, what has come is what it costs.
func TestHostileTerabyte(t *testing.T) {
	for _, tt := range []struct {
		limit  int // of a body
		length string
		kept   bool // the connection is, to wait for the rest
	}{
		{0, "1099511627776", false},
		{0, "9223372036854775807", false},
		{0, "9223372036854775808", false},
		{0, "18446744073709551617", false},
		{0, "99999999999999999999999999", false},
		{math.MaxInt, "2147483647", true},
		{math.MaxInt, "2147483648", false},
		{math.MaxInt, "1099511627776", false},
		{math.MaxInt, "18446744073709551617", false},
	} {
		b := start(t, broker.Config{Limits: frame.Limits{Body: tt.limit}})
		check := served(t, b)
		before := memory()
		const n = 20
		for i := range n {
			c := dial(t, b)
			connect, text := "CONNECT\naccept-version:1.2\nhost:h\n\n^@", "SEND\ndestination:/queue/a\ncontent-length:"+tt.length+"\n\nfew bytes"
			if i%2 == 0 && !tt.kept { // before login too
				connect, text = "", "CONNECT\naccept-version:1.2\nhost:h\ncontent-length:"+tt.length+"\n\n"
			}
			c.write(connect + text)
			if connect != "" {
				c.expect("CONNECTED")
			}
			if !tt.kept {
				c.expectError("malformed frame")
			}
		}
		grownLess(t, before, n*96<<10) // 64 KiB of each, at most
		if open := b.Stats().Connections - 1; tt.kept && open != n {
			t.Errorf("%d of %d are left to send the rest", open, n)
		}
		check()
	}
}

// A content-length is no reason to take memory: bytes are.
func TestHostileContentLength(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	before := memory()
	for range 50 {
		c := connect(t, b, "1.2")
		c.write("SEND\ndestination:/queue/a\ncontent-length:16777216\n\nfew bytes")
	}
	waitFor(t, func() bool { return pool.InUse() >= 50 }) // they wait for the rest
	grownLess(t, before, 16<<20)
	check()
}

// A body without NUL ends at the limit.
func TestHostileMissingNUL(t *testing.T) {
	b := start(t, broker.Config{Limits: frame.Limits{Body: 1 << 20}})
	check := served(t, b)
	c := connect(t, b, "1.2")
	before := memory()
	n := flood(c.nc, 64<<20, func(i int) string {
		if i == 0 {
			return "SEND\ndestination:/queue/a\n\n"
		}
		return strings.Repeat("x", 10000)
	})
	if n >= 64<<20 { // less is what the sockets hold
		t.Errorf("%d bytes of body were taken, the limit is 1 MiB", n)
	}
	grownLess(t, before, 4<<20)
	check()
}

// Heart-beats cost no memory, however many.
func TestHostileHeartBeatFlood(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	c := connect(t, b, "1.2")
	before := memory()
	line := strings.Repeat("\n", 64<<10)
	flood(c.nc, 32<<20, func(int) string { return line })
	c.sync()
	grownLess(t, before, 4<<20)
	check()
}

func TestHostileDestinationFlood(t *testing.T) {
	b := start(t, broker.Config{MaxDestinations: 100, MaxDestinationsPerConnection: 100})
	check := served(t, b)
	before := memory()
	c := connect(t, b, "1.2")
	// A client that sends another MiB after an ERROR is cut off, and may not receive the ERROR.
	go flood(c.nc, 1<<19, func(i int) string { return fmt.Sprintf("SEND\ndestination:/queue/%d\n\n^@", i) })
	c.expectError("too many destinations")
	c = connect(t, b, "1.2")
	for i := range 1000 {
		var frames strings.Builder
		for j := range 100 {
			fmt.Fprintf(&frames, "SEND\ndestination:/topic/%d-%d\n\n^@", i, j)
		}
		c.write(frames.String())
	}
	c.sync()
	if n := b.Stats().Destinations; n > 100 {
		t.Errorf("%d destinations", n)
	}
	grownLess(t, before, 2<<20)
	check()
}

// A connection flood ends at MaxConnections. The earlier connections stay.
func TestHostileConnectionFlood(t *testing.T) {
	b := start(t, broker.Config{MaxConnections: 10})
	check := served(t, b)
	before := memory()
	for range 200 {
		dial(t, b)
	}
	waitFor(t, func() bool { return b.Stats().Connections == 10 && b.Stats().Rejected == 191 })
	grownLess(t, before, 2<<20)
	check()
}

// Messages that are never acknowledged stop at the bound, with their producer.
func TestHostileNeverAcks(t *testing.T) {
	b := start(t, broker.Config{QueueBytes: 1 << 20})
	check := served(t, b)
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "client-individual")
	c.discard()
	p := connect(t, b, "1.2")
	body := strings.Repeat("x", 1000)
	go flood(p.nc, 256<<20, func(int) string { return "SEND\ndestination:/queue/q\n\n" + body + "^@" })
	var st broker.Stats
	waitFor(t, func() bool {
		st = b.Stats()
		return st.HeldProducers == 1 && st.StoredBytes >= 1<<20
	})
	if st.StoredBytes > 2<<20 {
		t.Errorf("%+v", st)
	}
	check()
}

// A consumer that never reads costs what its destination may hold, slows only that destination's
// producers, and is closed after WriteTimeout. Its messages then go to other consumers. That the
// producers are held until then is seen on a clock that stands still, in
// TestConsumerThatNeverReadsHoldsProducers.
func TestHostileNeverReads(t *testing.T) {
	for _, destination := range []string{"/queue/q", "/topic/q"} {
		t.Run(destination, func(t *testing.T) {
			b := start(t, broker.Config{QueueBytes: 1 << 20, WriteTimeout: time.Second})
			check := served(t, b)
			c := connect(t, b, "1.2")
			c.subscribe("s", destination, "auto")
			p := connect(t, b, "1.2")
			body := strings.Repeat("x", 1000)
			stopped := make(chan int, 1)
			go func() {
				stopped <- flood(p.nc, 32<<20, func(int) string { return "SEND\ndestination:" + destination + "\n\n" + body + "^@" })
			}()
			most := 0
			stats := func() broker.Stats {
				st := b.Stats()
				most = max(most, st.StoredBytes)
				return st
			}
			waitFor(t, func() bool { return stats().Subscriptions == 1 }) // of check
			if destination == "/topic/q" {
				if n := <-stopped; n < 32<<20 {
					t.Errorf("the producer stopped after %d bytes although nobody was left to wait for", n)
				}
			} else { // which fills up for good when its consumer is gone
				waitFor(t, func() bool { st := stats(); return st.HeldProducers == 1 && st.StoredBytes >= 1<<20 })
				p.nc.Close()
				<-stopped
			}
			if most > 2<<20 {
				t.Errorf("%d bytes were stored, the bound is 1 MiB", most)
			}
			check()
		})
	}
}

// Many subscriptions to one topic have every message wait, or be unacknowledged, as often
// as they are many.
func TestHostileSubscriptionsOfOneTopic(t *testing.T) {
	const bound = 4 << 20
	for _, tt := range []struct {
		ack           string
		subscriptions int
	}{
		{"auto", 1024},  // and never reads
		{"client", 256}, // and never acknowledges
	} {
		t.Run(tt.ack, func(t *testing.T) {
			b := start(t, broker.Config{QueueBytes: bound, WriteTimeout: time.Hour})
			check := served(t, b)
			c, p := connect(t, b, "1.1"), connect(t, b, "1.2")
			for i := range tt.subscriptions {
				c.subscribe(fmt.Sprint(i), "/topic/t", tt.ack)
			}
			before := memory()
			if tt.ack != "auto" {
				c.discard()
			}
			stopped := make(chan int)
			go func() {
				stopped <- flood(p.nc, 1<<30, func(int) string { return strings.Repeat("SEND\ndestination:/topic/t\n\nx^@", 100) })
			}()
			waitFor(t, func() bool { st := b.Stats(); return st.HeldProducers == 1 && st.StoredBytes >= bound })
			// The outbox, and what lies in buffers of sockets, are not counted.
			t.Logf("%d KiB for a bound of %d", grownLess(t, before, 2*bound+1<<20)>>10, bound>>10)
			p.nc.Close()
			<-stopped
			c.nc.Close()
			check()
			waitFor(t, func() bool { return b.Stats().StoredBytes == 0 })
		})
	}
}

// When a client does not read its receipts, the broker stops reading that client's connection.
func TestHostileNeverReadsReceipts(t *testing.T) {
	b := start(t, broker.Config{WriteTimeout: time.Minute})
	check := served(t, b)
	c := connect(t, b, "1.2")
	before := memory()
	id := strings.Repeat("r", 1000)
	n := floodFor(c.nc, 256<<20, 500*time.Millisecond, func(int) string { return "SEND\ndestination:/topic/none\nreceipt:" + id + "\n\n^@" })
	if n > 128<<20 { // less is what sockets hold, of which the kernel lets some grow to 32 MiB
		t.Errorf("%d bytes were read from a peer that reads nothing", n)
	}
	grownLess(t, before, 4<<20)
	check()
}

// A consumer acknowledges the latest message first, all the way, in the versions whose
// ACK says which message and not which delivery.
func TestHostileAckBackwards(t *testing.T) {
	for _, version := range []string{"1.0", "1.1"} {
		t.Run(version, func(t *testing.T) {
			const n = 30000
			b := start(t, broker.Config{MaxUnacked: n})
			p, c := connect(t, b, "1.2"), connect(t, b, version)
			c.subscribe("s", "/queue/a", "client-individual")
			for range n {
				p.send("/queue/a", "")
			}
			for range n {
				c.next()
			}
			check := served(t, b)
			var acks strings.Builder
			for i := n; i > 0; i-- {
				fmt.Fprintf(&acks, "ACK\nmessage-id:1-%d\nsubscription:s\n\n^@", i)
			}
			c.write(acks.String())
			c.sync()
			check()
			waitFor(t, func() bool { return b.Stats().StoredBytes < 10000 })
		})
	}
}

// A consumer that does not read gives back what it has, message by message: each has to
// find its place among those that came back before.
func TestHostileGiveBack(t *testing.T) {
	const n = 50000
	b := start(t, broker.Config{MaxUnacked: n, WriteTimeout: time.Hour})
	p := connect(t, b, "1.2")
	for range n {
		p.send("/queue/a", "x")
	}
	p.send("/queue/big", strings.Repeat("x", 16<<20-1000)) // more than any socket takes
	p.send("/queue/big", "x")
	p.sync()
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/a", "client-individual")
	for range n {
		c.next()
	}
	c.write("SUBSCRIBE\nid:big\ndestination:/queue/big\n\n^@")
	check := served(t, b)
	var nacks strings.Builder
	for i := range n {
		fmt.Fprintf(&nacks, "NACK\nid:0-%d\n\n^@", i+1)
	}
	c.write(nacks.String() + "SEND\ndestination:/queue/end\n\nend^@")
	p.subscribe("end", "/queue/end", "auto")
	p.expectBody("end")
	check()
	c.nc.Close()
	waitFor(t, func() bool { return b.Stats().Connections == 2 })
	p.subscribe("s", "/queue/a", "auto")
	for i := range n {
		if m, id := p.expectBody("x"), fmt.Sprint("1-", i+1); m.get("message-id") != id {
			t.Fatalf("got %v, want message %s", m, id)
		}
	}
}

// Subscribing and going away in the middle of a delivery leaves nothing behind.
func TestHostileComeAndGo(t *testing.T) {
	b := start(t, broker.Config{QueueBytes: 1 << 20})
	check := served(t, b)
	p := connect(t, b, "1.2")
	go flood(p.nc, 64<<20, func(i int) string {
		return fmt.Sprintf("SEND\ndestination:/%s/q\n\n%d^@", []string{"queue", "topic"}[i%2], i)
	})
	for i := range 60 {
		c := dial(t, b)
		c.write("CONNECT\naccept-version:1.2\nhost:x\n\n^@" +
			"SUBSCRIBE\nid:1\ndestination:/queue/q\nack:client\n\n^@SUBSCRIBE\nid:2\ndestination:/topic/q\nack:client-individual\n\n^@" +
			"BEGIN\ntransaction:1\n\n^@SEND\ndestination:/queue/q\ntransaction:1\n\nx^@")
		time.Sleep(time.Duration(i%7) * time.Millisecond)
		c.nc.Close()
	}
	p.nc.Close()
	// What it has sent is taken although it is gone, once there is room.
	c := connect(t, b, "1.2")
	c.subscribe("s", "/queue/q", "auto")
	c.discard()
	waitFor(t, func() bool { return b.Stats().Connections == 2 })
	c.nc.Close()
	waitFor(t, func() bool { return b.Stats().Connections == 1 })
	if st := b.Stats(); st.Subscriptions != 1 || st.HeldProducers != 0 {
		t.Errorf("%+v", st)
	}
	check()
}

// Frames that are out of turn end their connection before they cost anything, again
// and again.
func TestHostileOutOfTurn(t *testing.T) {
	b := start(t, broker.Config{})
	check := served(t, b)
	before := memory()
	for range 50 {
		for _, text := range []string{
			"SEND\ndestination:/queue/a\n\nx^@", "SUBSCRIBE\nid:1\ndestination:/queue/a\n\n^@", "BEGIN\ntransaction:t\n\n^@", "DISCONNECT\n\n^@",
			"CONNECT\naccept-version:1.2\nhost:x\n\n^@CONNECT\naccept-version:1.2\nhost:x\n\n^@",
			"CONNECT\naccept-version:1.2\nhost:x\n\n^@SUBSCRIBE\nid:1\ndestination:/queue/a\n\n^@STOMP\naccept-version:1.2\nhost:x\n\n^@",
		} {
			c := dial(t, b)
			c.write(text)
			_, _ = io.Copy(io.Discard, c.nc)
			c.nc.Close()
		}
	}
	waitFor(t, func() bool { return b.Stats().Connections == 1 })
	if st := b.Stats(); st.Subscriptions != 1 || st.Destinations != 1 || st.Errors != 300 {
		t.Errorf("%+v", st)
	}
	grownLess(t, before, 8<<20)
	check()
}

// A producer that is held up by a full queue and goes away with a reset does not stay
// until there is room.
func TestHostileHeldProducerResets(t *testing.T) {
	b := start(t, broker.Config{QueueBytes: 64 << 10})
	check := served(t, b)
	p := connect(t, b, "1.2")
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		floodFor(p.nc, 64<<20, patience, func(int) string { return "SEND\ndestination:/queue/full\n\n" + strings.Repeat("x", 1000) + "^@" })
	}()
	waitFor(t, func() bool { return b.Stats().HeldProducers == 1 })
	_ = p.nc.(*net.TCPConn).SetLinger(0)
	p.nc.Close()
	<-flooded
	waitFor(t, func() bool { st := b.Stats(); return st.Connections == 1 && st.HeldProducers == 0 })
	check()
}
