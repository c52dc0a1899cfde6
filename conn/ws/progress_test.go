package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// slow takes 50 kB in a second, at most 1,000 bytes at a time.
type slow struct{ net.Conn }

func (c slow) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 1000)])
	time.Sleep(time.Duration(n) * time.Second / 50_000)
	return n, err
}

// oneConn is a listener of one connection.
type oneConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *oneConn) Accept() (nc net.Conn, err error) {
	err = net.ErrClosed
	l.once.Do(func() { nc, err = l.Conn, nil })
	if err != nil {
		<-l.closed
	}
	return nc, err
}

func (l *oneConn) Close() error   { close(l.closed); return nil }
func (l *oneConn) Addr() net.Addr { return l.LocalAddr() }

type ignoring struct{ closed chan error }

func (ignoring) OnFrame(*frame.Frame) error { return nil }
func (h ignoring) OnClose(err error)        { h.closed <- err }

// linked has play read what a link writes over a WebSocket with a WriteTimeout of a second.
func linked(t *testing.T, o ws.Options, play func(p net.Conn), test func(l *link.Link)) {
	t.Helper()
	ours, theirs := net.Pipe()
	played := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(played)
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		play(websocket.NetConn(context.Background(), c, websocket.MessageBinary))
	})}
	ln := &oneConn{Conn: slow{theirs}, closed: make(chan struct{})}
	go func() { _ = server.Serve(ln) }()
	nc, err := o.Client(t.Context(), ours, "ws://broker/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	h := ignoring{make(chan error, 1)}
	l := link.New(nc, h, link.Options{HighWater: 1 << 20, WriteTimeout: time.Second})
	if err := (pump.Driver{}).Start(l); err != nil {
		t.Fatal(err)
	}
	test(l)
	l.Close(nil)
	_ = theirs.Close()
	<-h.closed
	<-played
	_ = server.Close()
}

func write(t *testing.T, l *link.Link, size int) {
	t.Helper()
	buf, err := l.ReserveNow(size)
	if err != nil {
		t.Fatal(err)
	}
	l.Commit(append(buf, make([]byte, size)...))
}

// A server that reads 50 kB/s makes progress, however little of a message it takes in
// WriteTimeout (R11).
func TestSlowServerIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 500_000
		got := make(chan error, 1)
		play := func(nc net.Conn) {
			_, err := io.ReadFull(nc, make([]byte, size))
			got <- err
		}
		linked(t, ws.Options{Messages: ws.Binary}, play, func(l *link.Link) {
			write(t, l, size)
			if err := <-got; err != nil {
				t.Errorf("the server: %v, the link: %v", err, l.Err())
			}
		})
	})
}

// One that stops reading is cut off in time, also in the middle of a message (R11).
func TestServerThatStopsReadingIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped, stop := make(chan time.Time, 1), make(chan struct{})
		play := func(nc net.Conn) {
			_, _ = io.ReadFull(nc, make([]byte, 200_000))
			stopped <- time.Now()
			<-stop
		}
		linked(t, ws.Options{Messages: ws.Binary}, play, func(l *link.Link) {
			write(t, l, 500_000)
			<-l.Done()
			if took := time.Since(<-stopped); took > 2*time.Second {
				t.Errorf("closed %v after the server had stopped, want 2s at most", took)
			}
			var timeout *link.TimeoutError
			if !errors.As(l.Err(), &timeout) {
				t.Errorf("cause %v, want a TimeoutError", l.Err())
			}
			close(stop)
		})
	})
}
