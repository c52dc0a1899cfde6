package dial_test

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/conn/internal/dial"
	"github.com/stompwire/stompwire/frame"
)

func listen(t testing.TB, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serve calls play for each connection of l, and waits for all of them at the end of the test.
func serve(t testing.TB, l net.Listener, play func(nc net.Conn)) {
	var running sync.WaitGroup
	running.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				play(nc)
				_ = nc.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
}

// silent reads until the client closes.
func silent(nc net.Conn) {
	for buf := make([]byte, 100); ; {
		if _, err := nc.Read(buf); err != nil {
			return
		}
	}
}

// at returns the address of l.
func at(l net.Listener) dial.Address {
	addr := l.Addr().(*net.TCPAddr)
	return dial.Address{Host: addr.IP.String(), Port: uint16(addr.Port)}
}

// overTLS serves TLS at 127.0.0.1 until the client closes.
func overTLS(t testing.TB, cfg *tls.Config) dial.Address {
	t.Helper()
	l := listen(t, "tcp", "127.0.0.1:0")
	serve(t, l, func(nc net.Conn) {
		if secure := tls.Server(nc, cfg); secure.HandshakeContext(context.Background()) == nil {
			silent(secure)
		}
	})
	a := at(l)
	a.Transport = dial.TransportTLS
	return a
}

// reached returns a connection to a, which ends with the test.
func reached(t testing.TB, o *dial.Options, a dial.Address) net.Conn {
	t.Helper()
	nc, err := o.Reach(t.Context(), a, frame.AllVersions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return nc
}
