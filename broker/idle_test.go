//go:build !race

package broker_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// An idle connection, connected, subscribed and with heart-beats, takes at most 8 KiB
// of the process. The test's own ends of the connections are counted with it.
func TestIdleConnectionMemory(t *testing.T) {
	const n = 1000
	b := start(t, broker.Config{})
	before := inUse()
	clients := make([]*client, n)
	for i := range clients {
		c := dial(t, b)
		c.write("CONNECT\naccept-version:1.2\nhost:h\nheart-beat:10000,10000\n\n^@" +
			"SUBSCRIBE\nid:1\ndestination:/topic/idle\nreceipt:r\n\n^@")
		c.expect("CONNECTED")
		c.expect("RECEIPT")
		c.r = nil // our read buffer, which is none of the broker's
		clients[i] = c
	}
	each := int64(0)
	for range 100 { // until the flushers have ended
		if each = (int64(inUse()) - int64(before)) / n; each <= 8<<10 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("%d bytes for each of %d connections", each, n)
	if each > 8<<10 {
		t.Errorf("%d bytes for each of %d connections, want 8 KiB", each, n)
	}
	runtime.KeepAlive(clients)
}

// inUse returns the memory in use for objects and stacks after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
