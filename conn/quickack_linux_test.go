package conn_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/internal/testca"
)

// delayed is less than the kernel delays an acknowledgement, and much more than two small frames take over loopback.
const delayed = 20 * time.Millisecond

// What a broker holds back until its last frame is acknowledged comes without the delay, however the connection is read,
// and however it is known that the broker does so.
func TestBrokerThatHoldsBack(t *testing.T) {
	loops, err := engine.New(engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer loops.Close()
	ca := testca.New(t)
	server := ca.Server("127.0.0.1")
	for _, c := range []struct {
		name   string
		server string // header of CONNECTED
		secure bool
		driver interface{ Start(*link.Link) error }
		cfg    conn.Config
	}{
		{"own loop", "ActiveMQ/5.17.2", false, engine.Own{}, conn.Config{}},
		{"shared loop", "ActiveMQ/5.17.2", false, loops, conn.Config{}},
		{"goroutine", "ActiveMQ/5.17.2", false, pump.Driver{}, conn.Config{}},
		{"TLS", "ActiveMQ/5.17.2", true, pump.Driver{}, conn.Config{}},
		{"by Config.Broker", "", false, engine.Own{}, conn.Config{Broker: dialect.ActiveMQ}},
		{"by Config.Link", "", false, engine.Own{}, conn.Config{Link: link.Options{QuickAck: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			peers := make(chan net.Conn, 1)
			play := func(nc net.Conn) {
				socket := nc
				if secure, ok := nc.(*tls.Conn); ok {
					socket = secure.NetConn()
				}
				_ = socket.(*net.TCPConn).SetNoDelay(false)
				peers <- nc
				answer("CONNECTED\nversion:1.2\nserver:" + c.server + "\n\n^@")(nc)
			}
			var uri string
			if c.secure {
				uri = "stomp+ssl://" + serve(t, tls.NewListener(listen(t, "tcp", "127.0.0.1:0"), server), play).Addr().String()
				c.cfg.TLS = &tls.Config{RootCAs: ca.Pool}
			} else {
				uri = at(tiny(t, play))
			}
			came := make(chan struct{}, 2)
			c.cfg.Unsolicited = func(context.Context, *conn.Message) { came <- struct{}{} }
			watch := &spy{under: c.driver}
			c.cfg.Driver, c.cfg.OneConnection = watch, true
			dialled(t, inOrder(uri), &c.cfg)
			peer := <-peers

			// One pair in time will do: a busy machine is late by itself, the kernel's delay is there each time.
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
				if twoFrames(t, watch.nc, peer, came) < delayed {
					return
				}
			}
			t.Error("the second of two frames was always late")
		})
	}
}

// spy is a driver that remembers the connection it was given.
type spy struct {
	under interface{ Start(*link.Link) error }
	nc    net.Conn
}

func (s *spy) Start(l *link.Link) error {
	s.nc = l.NetConn()
	return s.under.Start(l)
}

// twoFrames returns how long it takes two small frames to come over a connection that has written lately.
func twoFrames(t *testing.T, nc, peer net.Conn, came <-chan struct{}) time.Duration {
	t.Helper()
	delayAcks(t, nc)
	began := time.Now()
	for range 2 {
		if _, err := io.WriteString(peer, "MESSAGE\ndestination:a\nmessage-id:1\nsubscription:none\n\n\x00"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		select {
		case <-came:
		case <-time.After(time.Minute):
			t.Fatal("no message")
		}
	}
	return time.Since(began)
}

// delayAcks has the kernel believe that data will soon leave with which an acknowledgement can go.
func delayAcks(t *testing.T, nc net.Conn) {
	t.Helper()
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0); err != nil {
			t.Error(err)
		}
	})
}
