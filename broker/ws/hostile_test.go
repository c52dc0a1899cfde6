package ws_test

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	client "github.com/stompwire/stompwire/conn/ws"
)

// served checks, for as long as a test runs, that another WebSocket is served: a
// message goes round every few milliseconds, and once more when check is called.
func served(t *testing.T, uri string) (check func()) {
	t.Helper()
	p := open(t, uri, nil)
	p.connect()
	p.write(websocket.MessageText, "SUBSCRIBE\nid:1\ndestination:/queue/others\nreceipt:r\n\n^@")
	p.expect("RECEIPT", "")
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
			p.tell(websocket.MessageText, "SEND\ndestination:/queue/others\n\nping^@")
			if _, text, err := p.read(); err != nil || !strings.HasPrefix(text, "MESSAGE\n") {
				t.Errorf("another connection was not served: %q, %v", text, err)
				return
			}
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

// memory returns the bytes in use after a collection.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// grownLess fails if there are more bytes in use than before and most, and stay so:
// what a connection had is let go some time after it is gone.
func grownLess(t *testing.T, before, most int64) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		grown := memory() - before
		if grown <= most {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d KiB more are in use, want at most %d", grown>>10, most>>10)
			return
		}
	}
}

// pend opens connections that begin to ask for a WebSocket and go no further. It
// returns a count of those that were closed.
func pend(t *testing.T, uri, from string, n int) (closed *atomic.Int64) {
	t.Helper()
	closed = new(atomic.Int64)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	for range n {
		nc, err := dialer.Dial("tcp", hostOf(uri))
		if err != nil {
			t.Skipf("this system cannot connect from %s: %v", from, err)
		}
		t.Cleanup(func() { nc.Close() })
		_, _ = io.WriteString(nc, "GET /ws HTTP/1.1\r\nHost: x\r\nDrip: ")
		go func() {
			_, _ = io.Copy(io.Discard, nc)
			closed.Add(1)
		}()
	}
	return closed
}

// Peers that never ask for a WebSocket are bounded in number, and others are served.
func TestHostilePendingFlood(t *testing.T) {
	const most = 20
	b := start(t, broker.Config{})
	uri := listen(t, b, ws.Options{MaxPending: most, MaxPendingPerIP: most, RequestTimeout: time.Hour})
	check := served(t, uri)
	before := memory()
	closed := pend(t, uri, "127.0.0.1", 3*most)
	waitFor(t, func() bool { return closed.Load() >= 2*most })
	grownLess(t, before, 4<<20)
	check()
}

// One address cannot take all the places of the connections that have sent no request yet.
func TestHostilePendingFloodOfOneAddress(t *testing.T) {
	const most = 20
	b := start(t, broker.Config{})
	uri := listen(t, b, ws.Options{MaxPending: most, RequestTimeout: time.Hour})
	check := served(t, uri)
	closed := pend(t, uri, "127.0.0.2", 3*most)
	waitFor(t, func() bool { return closed.Load() >= 3*most-most/2 })
	open(t, uri, nil).connect() // from 127.0.0.1
	if n := closed.Load(); n != 3*most-most/2 {
		t.Errorf("%d of %d were closed, want all but half of %d", n, 3*most, most)
	}
	check()
}

// A request that comes octet by octet is not waited for.
func TestHostileRequestDrip(t *testing.T) {
	uri := listen(t, start(t, broker.Config{}), ws.Options{RequestTimeout: 100 * time.Millisecond})
	p, err := tryOpen(t, uri, nil) // there before; a busy machine could not serve a new one in time
	for tries := 1; err != nil && tries < 100; tries++ {
		p, err = tryOpen(t, uri, nil) // nor perhaps this one at once
	}
	if err != nil {
		t.Fatal(err)
	}
	p.connect()
	before := memory()
	const n = 20
	var dropped atomic.Int64
	for range n {
		nc, err := net.Dial("tcp", hostOf(uri))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		go func() {
			defer dropped.Add(1)
			var err error
			for err == nil { // until the server hangs up
				_, err = io.WriteString(nc, "G")
				time.Sleep(time.Millisecond)
			}
		}()
	}
	for dropped.Load() < n {
		p.write(websocket.MessageText, "SEND\ndestination:/topic/none\nreceipt:r\n\n^@")
		p.expect("RECEIPT", "receipt-id:r")
	}
	grownLess(t, before, 4<<20)
}

// A WebSocket is no way around CONNECT's deadline.
func TestHostileSilence(t *testing.T) {
	const n = 20
	b := start(t, broker.Config{ConnectTimeout: time.Second})
	uri := listen(t, b, ws.Options{})
	tcp, err := b.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := connectRaw(t, tcp)
	before, accepted := memory(), b.Stats().Accepted
	for range n {
		open(t, uri, nil)
	}
	waitFor(t, func() bool {
		p.round(t)
		return b.Stats().Accepted == accepted+n && b.Stats().Connections == 1
	})
	grownLess(t, before, n*200<<10) // this test's ends of them, too
}

// rawPeer speaks STOMP over TCP.
type rawPeer struct{ net.Conn }

// connectRaw connects however short the time for it is: a busy machine may need to try
// again.
func connectRaw(t *testing.T, uri string) rawPeer {
	t.Helper()
	for range 100 {
		nc, err := net.Dial("tcp", strings.TrimPrefix(uri, "stomp://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		p := rawPeer{nc}
		if err := p.ask("CONNECT\naccept-version:1.2\nhost:x\n\n\x00"); err == nil {
			return p
		}
	}
	t.Fatal("no connection")
	return rawPeer{}
}

func (p rawPeer) round(t *testing.T) {
	t.Helper()
	if err := p.ask("SEND\ndestination:/topic/none\nreceipt:r\n\n\x00"); err != nil {
		t.Fatal(err)
	}
}

// ask writes a frame and reads the answer to it.
func (p rawPeer) ask(text string) error {
	_ = p.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(p, text); err != nil {
		return err
	}
	for buf := make([]byte, 1000); ; {
		n, err := p.Read(buf)
		if err != nil || bytes.IndexByte(buf[:n], 0) >= 0 {
			return err
		}
	}
}

// Nor is it one around WriteTimeout.
func TestHostileNeverReads(t *testing.T) {
	b := start(t, broker.Config{QueueBytes: 1 << 20, WriteTimeout: time.Second})
	uri := listen(t, b, ws.Options{})
	check := served(t, uri)
	p := open(t, uri, nil)
	p.connect()
	p.write(websocket.MessageText, "SUBSCRIBE\nid:1\ndestination:/topic/t\nreceipt:r\n\n^@")
	p.expect("RECEIPT", "")
	c := dialConn(t, uri, client.Options{}, nil)
	body := bytes.Repeat([]byte("x"), 10_000)
	for b.Stats().Subscriptions > 1 { // which back-pressure holds up until the other is closed
		if err := c.Send(t.Context(), "/topic/t", body); err != nil {
			t.Fatal(err)
		}
		if st := b.Stats(); st.StoredBytes > 2<<20 {
			t.Fatalf("%+v", st)
		}
	}
	if err := c.SendReceipt(t.Context(), "/topic/t", body); err != nil {
		t.Error(err)
	}
	check()
}
