package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/calm"
)

// bare returns a WebSocket without a session.
func bare(t testing.TB, uri string, o ws.Options) net.Conn {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	under, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := o.Client(t.Context(), under, uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if nc.RemoteAddr().String() != u.Host || nc.LocalAddr().String() != under.LocalAddr().String() {
		t.Errorf("addresses %v, %v", nc.LocalAddr(), nc.RemoteAddr())
	}
	return nc
}

// deaf holds a WebSocket open, and does not read it, until the test ends.
func deaf(t testing.TB) string {
	done := make(chan struct{})
	uri := serve(t, nil, func(*peer) { <-done })
	t.Cleanup(func() { close(done) }) // before the server is closed
	return uri
}

// The link sets a deadline for each write. One that passes while nothing is written must do no harm.
func TestDeadlineBetweenWrites(t *testing.T) {
	t.Parallel() // it takes longer than a write may, on a busy machine too
	calm.Run(t, func(t testing.TB) {
		const limit = 2 * time.Second
		uri := serve(t, nil, (*peer).echo)
		cfg := conn.Config{Link: link.Options{WriteTimeout: limit}, HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}}
		c := dial(t, dialer(t, uri, ws.Options{}), &cfg)
		for range 2 {
			time.Sleep(limit + 100*time.Millisecond)
			if err := c.SendReceipt(t.Context(), "/queue/a", []byte("a")); err != nil {
				t.Fatal(err)
			}
		}

		nc := bare(t, uri, ws.Options{})
		_ = nc.SetDeadline(time.Now().Add(-time.Second))
		if _, err := nc.Write([]byte("a")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write after the deadline: %v", err)
		}
		if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read after the deadline: %v", err)
		}
		_ = nc.SetDeadline(time.Time{})
		if _, err := nc.Write([]byte("CONNECT\n\n\x00")); err != nil {
			t.Errorf("write without a deadline: %v", err)
		}
		if _, err := nc.Read(make([]byte, 1)); err != nil {
			t.Errorf("read without a deadline: %v", err)
		}
	})
}

func TestDeadlineDuringWrite(t *testing.T) {
	nc := bare(t, deaf(t), ws.Options{})
	for {
		_ = nc.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := nc.Write(make([]byte, 64<<10)); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			return
		}
	}
}

func TestDeadlineDuringRead(t *testing.T) {
	nc := bare(t, deaf(t), ws.Options{})
	_ = nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// The server's pings are answered while the session is idle; ours go out if they are wanted.
func TestPings(t *testing.T) {
	pinged := make(chan struct{}, 1)
	opts := &websocket.AcceptOptions{OnPingReceived: func(context.Context, []byte) bool {
		select {
		case pinged <- struct{}{}:
		default:
		}
		return true
	}}
	answered := make(chan error, 1)
	uri := serve(t, opts, func(p *peer) {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			answered <- p.Ping(ctx)
		}()
		p.echo()
	})
	c := dial(t, dialer(t, uri, ws.Options{PingInterval: 10 * time.Millisecond}), nil)
	if err := <-answered; err != nil {
		t.Errorf("ping: %v", err)
	}
	select {
	case <-pinged:
	case <-time.After(patience):
		t.Error("no ping came")
	}
	if err := c.Disconnect(t.Context()); err != nil {
		t.Error(err)
	}
}

// A ping of a server that has stopped to read must not end the connection: back-pressure is no failure.
func TestPingUnderBackPressure(t *testing.T) {
	t.Parallel() // it takes as long as a pong would wait
	calm.Run(t, func(t testing.TB) {
		type result struct {
			received int
			err      error
		}
		results := make(chan result, 1)
		var written atomic.Int64
		uri := serve(t, nil, func(p *peer) {
			// Until the client is stuck: a pong that goes out while it is not has to be read.
			for last, same := int64(0), 0; same < 50; time.Sleep(10 * time.Millisecond) {
				now := written.Load()
				if same++; now == 0 || now != last {
					last, same = now, 0
				}
			}
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
			defer cancel()
			_ = p.Ping(ctx) // nobody reads its answer
			var r result
			for r.err == nil {
				var data []byte
				_, data, r.err = p.Read(context.Background())
				r.received += len(data)
			}
			results <- r
		})
		nc := bare(t, uri, ws.Options{})
		ended := make(chan error, 1)
		go func() {
			_, err := nc.Read(make([]byte, 1))
			ended <- err
		}()
		const size = 32 << 20
		for range size / (64 << 10) {
			if _, err := nc.Write(make([]byte, 64<<10)); err != nil {
				t.Fatal(err)
			}
			written.Add(64 << 10)
		}
		_ = nc.(interface{ CloseWrite() error }).CloseWrite()
		if r := <-results; r.received != size || websocket.CloseStatus(r.err) != websocket.StatusNormalClosure {
			t.Errorf("server received %d bytes, then %v", r.received, r.err)
		}
		if err := <-ended; err != io.EOF {
			t.Errorf("reading ends with %v", err)
		}
	})
}

// Heart-beats travel as messages of one line end. The server does not promise its own, so that nobody minds when a busy
// machine is late with them.
func TestHeartBeats(t *testing.T) {
	const enough = 5
	beats := make(chan int, 1)
	uri := serve(t, nil, func(p *peer) {
		p.next()
		p.send(websocket.MessageText, "CONNECTED\nversion:1.2\nheart-beat:0,100\n\n\x00\n")
		for range enough {
			p.send(websocket.MessageText, "\n")
		}
		p.next()
		beats <- p.beats
	})
	cfg := conn.Config{HeartBeat: frame.HeartBeat{Send: 100 * time.Millisecond, Receive: 100 * time.Millisecond}}
	c := dial(t, dialer(t, uri, ws.Options{}), &cfg)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		s := c.Stats()
		if s.BeatsIn == enough && s.BeatsOut > enough {
			break
		}
		if c.Err() != nil || time.Now().After(deadline) {
			t.Fatalf("%d heart-beats in, %d out; connection: %v", s.BeatsIn, s.BeatsOut, c.Err())
		}
	}
	_ = c.Close()
	if n := <-beats; n < enough {
		t.Errorf("the server saw %d heart-beats", n)
	}
}

// A close in good order is the end of the stream; any other says why.
func TestPeerCloses(t *testing.T) {
	for code, want := range map[websocket.StatusCode]string{
		websocket.StatusNormalClosure:   "EOF",
		websocket.StatusGoingAway:       "EOF",
		websocket.StatusNoStatusRcvd:    "EOF",
		websocket.StatusPolicyViolation: "go away",
	} {
		uri := serve(t, nil, func(p *peer) { _ = p.Close(code, "go away") })
		_, err := bare(t, uri, ws.Options{}).Read(make([]byte, 1))
		if err == nil || !strings.Contains(err.Error(), want) || (want == "EOF") != (err == io.EOF) {
			t.Errorf("%v: error %v", code, err)
		}
	}
}

// Disconnect closes the WebSocket by its handshake; Close returns at once, whatever the peer does.
func TestWeClose(t *testing.T) {
	calm.Run(t, func(t testing.TB) {
		ended := make(chan error, 1)
		uri := serve(t, nil, func(p *peer) {
			p.echo()
			ended <- p.end
		})
		c := dial(t, dialer(t, uri, ws.Options{}), nil)
		if err := c.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			t.Errorf("the server saw %v; want a normal closure", err)
		}

		nc := bare(t, deaf(t), ws.Options{})
		read := make(chan error, 1)
		go func() {
			_, err := nc.Read(make([]byte, 1))
			read <- err
		}()
		if half, ok := nc.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
			t.Error("no CloseWrite")
		}
		start := time.Now()
		_ = nc.Close()
		_ = nc.Close()
		// The library's own Close waits 5 s for the peer.
		if err := <-read; err == nil || time.Since(start) > 4*time.Second {
			t.Errorf("read ends with %v, %v after Close", err, time.Since(start))
		}
	})
}
