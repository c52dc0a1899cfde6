package broker_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// A connection that sends faster than its rate takes as long as the rate says, loses nothing, and
// does not slow down other connections.
func TestConnectionRate(t *testing.T) {
	for name, rate := range map[string]broker.Rate{"frames": {Frames: 200}, "bytes": {Bytes: 20_000}} {
		t.Run(name, func(t *testing.T) {
			b := start(t, broker.Config{ConnectionRate: rate})
			sub := connect(t, b, "1.2")
			sub.subscribe("s", "/queue/q", "auto")
			c := connect(t, b, "1.2")
			began := time.Now()
			const n = 100
			go func() {
				for range n {
					_, _ = c.nc.Write(wire("SEND\ndestination:/queue/q\n\n" + strings.Repeat("x", 100-len("destination/queue/q")) + "^@"))
				}
			}()
			for range n {
				sub.expect("MESSAGE")
			}
			// 100 frames at 200 a second, a tenth of a second of which is free.
			if took := time.Since(began); took < 350*time.Millisecond {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// All connections of a user share its rate.
func TestUserRate(t *testing.T) {
	b := start(t, broker.Config{Users: map[string]string{"a": "", "b": ""}, UserRate: broker.Rate{Frames: 200}})
	first, second := login(t, b, "a", ""), login(t, b, "a", "")
	began := time.Now()
	for _, c := range []*client{first, second} {
		for range 50 {
			c.send("/topic/none", "x")
		}
	}
	first.sync()
	second.sync()
	if took := time.Since(began); took < 350*time.Millisecond {
		t.Errorf("100 frames took %v", took)
	}
}

// Heart-beats are none of the frames that a rate counts, and go on while it holds a
// connection up, whose own silence does not count meanwhile.
func TestRateKeepsHeartBeats(t *testing.T) {
	const size, hold = 100_000, 100 * time.Second
	inBubble(t, broker.Config{ConnectionRate: broker.Rate{Bytes: 1000}}, func(t *testing.T, b *broker.Broker, c *client) {
		c.write("CONNECT\naccept-version:1.2\nhost:h\nheart-beat:10000,10000\n\n^@")
		c.expect("CONNECTED")
		began := time.Now()
		go c.nc.Write(wire(strings.Repeat("\n", 5000) + "SEND\ndestination:/topic/none\n\n" + strings.Repeat("x", size) + "^@" +
			"SEND\ndestination:/topic/none\nreceipt:r\n\n^@"))
		beats := 0
		for {
			octet, err := c.r.ReadByte()
			if err != nil {
				t.Fatalf("%v after %v", err, time.Since(began))
			}
			if octet != '\n' {
				break // of the receipt
			}
			beats++
		}
		if took := time.Since(began); took < hold-time.Second || took > hold+time.Second {
			t.Errorf("%d bytes took %v, want about %v", size, took, hold)
		}
		if beats < 19 { // one each 5 s
			t.Errorf("%d heart-beats came meanwhile", beats)
		}
	})
}

// A client that reconnects for each message may send no more than one that keeps its connection.
func TestUserRateHoldsAcrossConnections(t *testing.T) {
	cfg := broker.Config{Users: map[string]string{"a": ""}, UserRate: broker.Rate{Frames: 10}}
	inBubble(t, cfg, func(t *testing.T, b *broker.Broker, _ *client) {
		const n = 20
		began := time.Now()
		for range n {
			c := pipe(t, b)
			c.write("CONNECT\naccept-version:1.2\nhost:h\nlogin:a\n\n^@")
			c.expect("CONNECTED")
			c.write("SEND\ndestination:/topic/none\nreceipt:r\n\n^@")
			c.expect("RECEIPT", "receipt-id:r")
			c.nc.Close()
		}
		// A tenth of a second is free; the last frame is handled before it is waited for.
		if took, want := time.Since(began), time.Duration(2*n-2)*100*time.Millisecond; took < want {
			t.Errorf("%d connections that send one message took %v, want %v", n, took, want)
		}
	})
}

// A session that is over is not kept for as long as it would have had to wait.
func TestRateLetsGoOfWhoIsGone(t *testing.T) {
	b := start(t, broker.Config{ConnectionRate: broker.Rate{Bytes: 1000}})
	const n = 200
	rush := func(t *testing.T) {
		for range n {
			c := connect(t, b, "1.2")
			c.send("/topic/none", strings.Repeat("x", 200_000), "receipt:r") // for minutes
			c.expect("RECEIPT")
			_ = c.nc.(*net.TCPConn).SetLinger(0) // an orderly end would wait its turn
			c.nc.Close()
		}
		waitFor(t, func() bool { return b.Stats().Connections == 0 })
	}
	t.Run("first", rush) // what is made once
	before := memory()
	t.Run("second", rush)
	t.Logf("%d bytes are left of each connection", grownLess(t, before, n*4<<10)/n) // a timer kept 10 KiB
}
