package broker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// A connection that sends more than its rate takes as long as the rate says, loses
// nothing, and slows down nobody else.
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
// connection up.
func TestRateKeepsHeartBeats(t *testing.T) {
	b := start(t, broker.Config{ConnectionRate: broker.Rate{Frames: 2}})
	c := dial(t, b)
	c.write("CONNECT\naccept-version:1.2\nhost:h\nheart-beat:100,100\n\n^@SEND\ndestination:/topic/none\n\n^@SEND\ndestination:/topic/none\n\n^@")
	c.expect("CONNECTED")
	// It is not read for about 1.5 s; its own silence must not count.
	c.write("SEND\ndestination:/topic/none\nreceipt:r\n\n^@")
	c.expect("RECEIPT", "receipt-id:r")
}
