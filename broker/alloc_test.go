//go:build !race

package broker_test

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// pipeline carries n messages over loopback: a batch is written, and received whole
// before the next one. Neither end allocates.
type pipeline struct {
	t        *testing.T
	pub, sub net.Conn
	batch    []byte
	size     int // messages of a batch
	buf      []byte
}

func (p *pipeline) run(n int) {
	for ; n > 0; n -= p.size {
		if _, err := p.pub.Write(p.batch); err != nil {
			p.t.Fatal(err)
		}
		for got := 0; got < p.size; {
			k, err := p.sub.Read(p.buf)
			if err != nil {
				p.t.Fatal(err)
			}
			got += bytes.Count(p.buf[:k], []byte{0})
		}
	}
}

// TestAllocPerMessage holds the whole way of a message through the broker, from
// socket to socket, to no allocation: on the short way, where it is encoded from one
// link straight into another, for a fan-out, and with receipts.
func TestAllocPerMessage(t *testing.T) {
	for _, tt := range []struct {
		name, destination, lines string
		answers                  int // NULs per message that come back to the subscriber
	}{
		{"queue", "/queue/a", "", 1},
		{"topic", "/topic/a", "", 1},
		{"two topic subscriptions", "/topic/b", "", 2},
		{"user headers", "/queue/c", "a:b\nuser:header\ncontent-type:text/plain\n", 1},
		{"escaped", "/queue/d", `a:b\nc\cd` + "\n", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, broker.Config{})
			pub, sub := connect(t, b, "1.2"), connect(t, b, "1.2")
			for i := range tt.answers {
				sub.subscribe(fmt.Sprint(i), tt.destination, "auto")
			}
			const size = 200
			frame := wire("SEND\ndestination:" + tt.destination + "\n" + tt.lines + "content-length:128\n\n" + string(bytes.Repeat([]byte("x"), 128)) + "^@")
			p := &pipeline{t: t, pub: pub.nc, sub: sub.nc, size: size * tt.answers, batch: bytes.Repeat(frame, size), buf: make([]byte, 64<<10)}
			p.run(20000)
			checkMallocs(t, 100000, func(n int) { p.run(n) })
		})
	}
}

// checkMallocs fails unless run(n) takes less than one allocation in a hundred
// messages: timers and the runtime make a few of their own. Nothing is collected
// meanwhile, since pools that the collector has emptied have to be filled again, and
// how often that is depends on what else is on the heap.
func checkMallocs(t *testing.T, n int, run func(n int)) {
	t.Helper()
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	run(n)
	var before, after runtime.MemStats
	best := uint64(1 << 62)
	// On a busy machine a run may hold its producer up, which takes a goroutine each
	// time. What allocates per message does so in every run, so the best one counts.
	for range 20 {
		runtime.ReadMemStats(&before)
		run(n)
		runtime.ReadMemStats(&after)
		if best = min(best, after.Mallocs-before.Mallocs); best <= uint64(n)/100 {
			break
		}
	}
	t.Logf("%d allocations for %d messages", best, n)
	if best > uint64(n)/100 {
		t.Errorf("%d allocations for %d messages", best, n)
	}
}

// TestAllocAcknowledged holds messages that are kept until they are acknowledged to
// the same, in the versions that acknowledge a message and in the one of deliveries.
func TestAllocAcknowledged(t *testing.T) {
	for version, begin := range map[string]string{"1.1": "ACK\nsubscription:s\nmessage-id:1-", "1.2": "ACK\nid:0-"} {
		t.Run(version, func(t *testing.T) {
			b := start(t, broker.Config{})
			pub, sub := connect(t, b, "1.2"), connect(t, b, version)
			sub.subscribe("s", "/queue/a", "client")
			const size = 100
			p := &pipeline{t: t, pub: pub.nc, sub: sub.nc, size: size, buf: make([]byte, 64<<10)}
			p.batch = bytes.Repeat(wire("SEND\ndestination:/queue/a\n\nhello^@"), size)
			last, ack := 0, make([]byte, 0, 100)
			run := func(n int) {
				for ; n > 0; n -= size {
					p.run(size)
					last += size
					ack = append(strconv.AppendInt(append(ack[:0], begin...), int64(last), 10), "\n\n\x00"...)
					if _, err := sub.nc.Write(ack); err != nil {
						t.Fatal(err)
					}
				}
			}
			run(20000)
			checkMallocs(t, 100000, run)
		})
	}
}

// TestAllocBacklog holds messages that wait for a subscription to it. What is left is
// the SUBSCRIBE and the memory of the queue itself.
func TestAllocBacklog(t *testing.T) {
	b := start(t, broker.Config{})
	pub, sub := connect(t, b, "1.2"), connect(t, b, "1.2")
	const size = 10000
	buf := make([]byte, 64<<10)
	fill := &pipeline{t: t, pub: pub.nc, sub: pub.nc, size: 1, buf: buf}
	fill.batch = append(bytes.Repeat(wire("SEND\ndestination:/queue/a\n\nhello^@"), size),
		wire("SEND\ndestination:/topic/none\nreceipt:r\n\n^@")...)
	drain := &pipeline{t: t, pub: sub.nc, sub: sub.nc, size: size, batch: wire("SUBSCRIBE\nid:1\ndestination:/queue/a\n\n^@"), buf: buf}
	end := &pipeline{t: t, pub: sub.nc, sub: sub.nc, size: 1, batch: wire("UNSUBSCRIBE\nid:1\nreceipt:r\n\n^@"), buf: buf}
	run := func(n int) {
		for ; n > 0; n -= size {
			fill.run(1)
			drain.run(size)
			end.run(1)
		}
	}
	run(2 * size)
	checkMallocs(t, 10*size, run)
}
