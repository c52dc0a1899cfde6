package conn_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// script is how a tiny broker treats a connection. When it returns, the connection is closed.
type script func(nc net.Conn)

// The scripts that failover has to cope with.
var (
	accepting = answer("CONNECTED\nversion:1.2\nserver:tiny\n\n^@")
	refusing  = answer("ERROR\nmessage:no such user\n\n^@")
)

// answer reads CONNECT, answers it, and waits for the client to close.
func answer(frame string) script {
	return func(nc net.Conn) {
		if _, err := bufio.NewReader(nc).ReadString(0); err != nil {
			return
		}
		_, _ = io.WriteString(nc, strings.ReplaceAll(frame, "^@", "\x00"))
		silent(nc)
	}
}

// silent reads all and says nothing.
func silent(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }

// closing ends the connection as soon as it exists.
func closing(net.Conn) {}

// notSTOMP speaks something else.
func notSTOMP(nc net.Conn) {
	_, _ = io.WriteString(nc, "220 mail.example ESMTP\r\n")
	silent(nc)
}

// tinyBroker serves a listener by a script.
type tinyBroker struct {
	net.Listener
	mu    sync.Mutex
	peers []net.Addr // of the clients that have come
	open  map[net.Conn]bool
	done  sync.WaitGroup
}

func (b *tinyBroker) served() []net.Addr {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.peers
}

// serve starts a tiny broker and ends it with the test.
func serve(t testing.TB, l net.Listener, play script) *tinyBroker {
	t.Helper()
	b := &tinyBroker{Listener: l, open: map[net.Conn]bool{}}
	b.done.Add(1)
	go func() {
		defer b.done.Done()
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.peers = append(b.peers, nc.RemoteAddr())
			b.open[nc] = true
			b.mu.Unlock()
			b.done.Add(1)
			go func() {
				defer b.done.Done()
				play(nc)
				_ = nc.Close()
				b.mu.Lock()
				defer b.mu.Unlock()
				delete(b.open, nc)
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		b.mu.Lock()
		for nc := range b.open {
			_ = nc.Close()
		}
		b.mu.Unlock()
		b.done.Wait()
	})
	return b
}

func listen(t testing.TB, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("cannot listen at %s: %v", address, err)
	}
	return l
}

// tiny serves a port of 127.0.0.1.
func tiny(t testing.TB, play script) *tinyBroker {
	return serve(t, listen(t, "tcp", "127.0.0.1:0"), play)
}

// at is the URI of a TCP listener.
func at(l net.Listener) string { return "stomp://" + l.Addr().String() }

// inOrder is a failover list that is tried once, as it stands: local addresses get no help.
func inOrder(uris ...string) string {
	return "failover:(" + strings.Join(uris, ",") + ")?randomize=false&maxReconnectAttempts=0"
}

// nowhere is the URI of an address without a listener. It is the near end of a connection, so that
// no other socket gets the port before the test has ended. The far end is kept, too: when it is
// closed the near end releases its port.
func nowhere(t testing.TB) string {
	l := listen(t, "tcp", "127.0.0.1:0")
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	return "stomp://" + near.LocalAddr().String()
}
