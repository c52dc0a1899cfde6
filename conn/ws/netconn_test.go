package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// deaf is a server that does not read.
func deaf(p *peer) { <-p.gone }

func TestAddresses(t *testing.T) {
	uri := serve(t, nil, (*peer).echo)
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	under, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := ws.Client(t.Context(), under, uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if nc.RemoteAddr().String() != u.Host || nc.LocalAddr().String() != under.LocalAddr().String() {
		t.Errorf("addresses %v, %v", nc.LocalAddr(), nc.RemoteAddr())
	}
}

// The link sets a deadline for each write. One that passes while nothing is written does no harm.
func TestDeadlineBetweenWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 2 * time.Second
		cfg := conn.Config{Link: link.Options{WriteTimeout: limit}, HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}}
		c := dialPipe(t, ws.Options{}, cfg, (*peer).echo)
		for range 2 {
			time.Sleep(2 * limit)
			if err := c.SendReceipt(t.Context(), "/queue/a", []byte("a")); err != nil {
				t.Fatal(err)
			}
		}

		nc := bare(t, (*peer).echo)
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
	synctest.Test(t, func(t *testing.T) {
		nc := bare(t, deaf)
		for {
			_ = nc.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			if _, err := nc.Write(make([]byte, 64<<10)); err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				return
			}
		}
	})
}

func TestDeadlineDuringRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc := bare(t, deaf)
		_ = nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// The client answers the server's pings while the session is idle, and sends its own if it is told to.
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
	c := dial(t, uri, ws.Options{PingInterval: 10 * time.Millisecond}, conn.Config{})
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

// A ping of a server that does not read does not end the connection: back-pressure is no failure.
func TestPingUnderBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type result struct {
			received int
			err      error
		}
		results := make(chan result, 1)
		nc := bare(t, func(p *peer) {
			time.Sleep(time.Second) // the client is stuck in a Write now
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
			defer cancel()
			_ = p.Ping(ctx) // its answer is not read
			var r result
			for r.err == nil {
				var data []byte
				_, data, r.err = p.Read(context.Background())
				r.received += len(data)
			}
			results <- r
		})
		ended := make(chan error, 1)
		go func() {
			_, err := nc.Read(make([]byte, 1))
			ended <- err
		}()
		const size = 1 << 20
		for range size / (64 << 10) {
			if _, err := nc.Write(make([]byte, 64<<10)); err != nil {
				t.Fatal(err)
			}
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

// Heart-beats travel as messages of one EOL.
func TestHeartBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const enough = 5
		beats := make(chan int, 1)
		cfg := conn.Config{HeartBeat: frame.HeartBeat{Send: 100 * time.Millisecond, Receive: 100 * time.Millisecond}}
		c := dialPipe(t, ws.Options{}, cfg, func(p *peer) {
			p.next()
			p.send(websocket.MessageText, "CONNECTED\nversion:1.2\nheart-beat:100,100\n\n\x00\n")
			go func() {
				for range enough {
					time.Sleep(100 * time.Millisecond)
					p.send(websocket.MessageText, "\n")
				}
			}()
			p.next()
			beats <- p.beats
		})
		time.Sleep(650 * time.Millisecond)
		if s := c.Stats(); s.BeatsIn != enough || s.BeatsOut < enough || !c.Connected() {
			t.Errorf("%d heart-beats in, %d out; client: %v", s.BeatsIn, s.BeatsOut, c.Err())
		}
		_ = c.Close()
		if n := <-beats; n < enough {
			t.Errorf("the server saw %d heart-beats", n)
		}
	})
}

// A close in good order is the end of the stream; any other says why.
func TestPeerCloses(t *testing.T) {
	for code, want := range map[websocket.StatusCode]string{
		websocket.StatusNormalClosure:   "EOF",
		websocket.StatusGoingAway:       "EOF",
		websocket.StatusNoStatusRcvd:    "EOF",
		websocket.StatusPolicyViolation: "go away",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := bare(t, func(p *peer) { _ = p.Close(code, "go away") }).Read(make([]byte, 1))
			if err == nil || !strings.Contains(err.Error(), want) || (want == "EOF") != (err == io.EOF) {
				t.Errorf("%v: error %v", code, err)
			}
		})
	}
}

// Disconnect closes the WebSocket by its handshake.
func TestDisconnectClosesTheWebSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		c := dialPipe(t, ws.Options{}, conn.Config{}, func(p *peer) {
			p.echo()
			ended <- p.end
		})
		if err := c.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			t.Errorf("the server saw %v; want a normal closure", err)
		}
	})
}

// Close returns at once, whatever the peer does. The library's own Close waits 5 s for it.
func TestCloseDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc := bare(t, deaf)
		read := make(chan error, 1)
		go func() {
			_, err := nc.Read(make([]byte, 1))
			read <- err
		}()
		start := time.Now()
		_ = nc.Close()
		_ = nc.Close()
		if err := <-read; err == nil || time.Since(start) != 0 {
			t.Errorf("read ends with %v, %v after Close", err, time.Since(start))
		}
		if half, ok := nc.(interface{ CloseWrite() error }); !ok || half == nil {
			t.Error("no CloseWrite")
		}
	})
}
