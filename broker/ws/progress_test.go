package ws_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// slowReader takes 50 kB in a second, at most 1,000 bytes at a time.
type slowReader struct{ net.Conn }

func (c slowReader) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 1000)])
	time.Sleep(time.Duration(n) * time.Second / 50_000)
	return n, err
}

// oneConn is a listener of one connection.
type oneConn struct {
	net.Conn
	once, close sync.Once
	closed      chan struct{}
}

func (l *oneConn) Accept() (nc net.Conn, err error) {
	err = net.ErrClosed
	l.once.Do(func() { nc, err = l.Conn, nil })
	if err != nil {
		<-l.closed
	}
	return nc, err
}

func (l *oneConn) Close() error   { l.close.Do(func() { close(l.closed) }); return nil }
func (l *oneConn) Addr() net.Addr { return l.LocalAddr() }

type ignoring struct{ closed chan error }

func (ignoring) OnFrame(*frame.Frame) error { return nil }
func (h ignoring) OnClose(err error)        { h.closed <- err }

// A client that reads 50 kB/s makes progress, however little of a message it takes in
// WriteTimeout (R11).
func TestSlowClientIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		ln, err := ws.NewListener(&oneConn{Conn: ours, closed: make(chan struct{})}, ws.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		const body = 500_000
		head := "MESSAGE\n\n"
		got := make(chan error, 1)
		go func() {
			transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				return slowReader{theirs}, nil
			}}
			c, _, err := websocket.Dial(context.Background(), "ws://broker/ws",
				&websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}, Subprotocols: []string{"v12.stomp"}})
			if err == nil {
				defer c.CloseNow()
				c.SetReadLimit(-1)
				var r io.Reader
				if _, r, err = c.Reader(context.Background()); err == nil {
					_, err = io.ReadFull(r, make([]byte, len(head)+body+len("\x00\n")))
				}
			}
			got <- err
		}()
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		h := ignoring{make(chan error, 1)}
		l := link.New(nc, h, link.Options{HighWater: 1 << 20, WriteTimeout: time.Second})
		if err := (pump.Driver{}).Start(l); err != nil {
			t.Fatal(err)
		}
		buf, err := l.ReserveNow(body)
		if err != nil {
			t.Fatal(err)
		}
		l.Commit(append(append(append(buf, head...), bytes.Repeat([]byte("x"), body)...), "\x00\n"...))
		if err := <-got; err != nil {
			t.Errorf("the client: %v, the link: %v", err, l.Err())
		}
		l.Close(nil)
		<-h.closed
	})
}
