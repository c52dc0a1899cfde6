package broker_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
)

// certified returns the two sides of TLS for 127.0.0.1. The certificate is the one
// that httptest has.
func certified(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	trust := s.Client().Transport.(*http.Transport).TLSClientConfig
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: trust.RootCAs, ServerName: "127.0.0.1"}
}

// listenTLS has b listen with TLS, and returns what dials it.
func listenTLS(t testing.TB, b *broker.Broker, server, theirs *tls.Config) (dial func() *client) {
	t.Helper()
	uri, err := b.ListenTLS("127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	addr, found := strings.CutPrefix(uri, "stomps://")
	if !found {
		t.Fatalf("URI %q", uri)
	}
	return func() *client {
		t.Helper()
		nc, err := tls.Dial("tcp", addr, theirs)
		if err != nil {
			t.Fatal(err)
		}
		return newClient(t, nc)
	}
}

// A broker with several listeners passes messages between clients of different listeners.
func TestListenTLS(t *testing.T) {
	b := start(t, broker.Config{})
	server, trusting := certified(t)
	dialTLS := listenTLS(t, b, server, trusting)
	secure, plain := dialTLS(), connect(t, b, "1.1")
	secure.connect("1.2")
	secure.subscribe("s", "/queue/secure", "auto")
	plain.subscribe("s", "/queue/plain", "auto")
	body := strings.Repeat("x", 300_000) // several TLS records, several reads
	plain.send("/queue/secure", body)
	secure.expectBody(body)
	secure.send("/queue/plain", body)
	plain.expectBody(body)
	secure.write("DISCONNECT\nreceipt:bye\n\n^@")
	secure.expect("RECEIPT", "receipt-id:bye")
	secure.expectEnd()
	if b.URI() != "stomp://"+b.Addr().String() {
		t.Errorf("URI %q is not that of the first listener", b.URI())
	}
}

// A Unix socket is listened on by its URI, and is gone with the broker.
func TestListenUnixSocket(t *testing.T) {
	uri := "unix:" + filepath.Join(t.TempDir(), "stomp")
	b := start(t, broker.Config{Addr: uri})
	if b.URI() != uri {
		t.Errorf("URI is %q, want %q", b.URI(), uri)
	}
	if _, err := b.Listen(uri); err == nil {
		t.Error("two listeners in one place")
	}
	nc, err := net.Dial("unix", strings.TrimPrefix(uri, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, nc)
	c.connect("1.2")
	c.sync()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(strings.TrimPrefix(uri, "unix:")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestListenTLSRefused(t *testing.T) {
	b := start(t, broker.Config{})
	if _, err := b.ListenTLS("127.0.0.1:0", &tls.Config{}); err == nil {
		t.Error("TLS without a certificate")
	}
	if _, err := b.ListenTLS(b.Addr().String(), &tls.Config{}); err == nil {
		t.Error("two listeners in one place")
	}
	if _, err := b.Listen("nowhere"); err == nil {
		t.Error("a listener nowhere")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := b.Listen("127.0.0.1:0"); err == nil {
		t.Error("a closed broker listens")
	}
}

// What tls.Config asks of clients is asked.
func TestListenTLSWantsClientCertificate(t *testing.T) {
	b := start(t, broker.Config{})
	server, trusting := certified(t)
	leaf, err := x509.ParseCertificate(server.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	server.ClientAuth, server.ClientCAs = tls.RequireAnyClientCert, x509.NewCertPool()
	server.ClientCAs.AddCert(leaf)
	dialTLS := listenTLS(t, b, server, trusting)
	stranger := dialTLS() // with TLS 1.3 the client is told afterwards
	_, _ = stranger.nc.Write([]byte("CONNECT\naccept-version:1.2\nhost:x\n\n\x00"))
	if f, err := stranger.read(); err == nil {
		t.Errorf("got %v without a certificate", f)
	}
	trusting.Certificates = server.Certificates
	dialTLS().connect("1.2")
}

// A peer that does not get on with the handshake is kept no longer than one that does
// not get on with CONNECT.
func TestHostileTLSHandshake(t *testing.T) {
	b := start(t, broker.Config{ConnectTimeout: time.Second})
	check := served(t, b)
	server, trusting := certified(t)
	uri, err := b.ListenTLS("127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	before, accepted := memory(), b.Stats().Accepted
	const each = 10
	for range each {
		for _, first := range []string{"", "\x16\x03\x01\x02\x00\x01", "CONNECT\naccept-version:1.2\nhost:x\n\n^@"} {
			nc, err := net.Dial("tcp", strings.TrimPrefix(uri, "stomps://"))
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			_, _ = nc.Write(wire(first))
		}
		if nc, err := tls.Dial("tcp", strings.TrimPrefix(uri, "stomps://"), trusting); err == nil { // it may be in time
			defer nc.Close() // and then nothing
		}
	}
	waitFor(t, func() bool { return b.Stats().Accepted == accepted+4*each && b.Stats().Connections == 1 })
	grownLess(t, before, 8<<20)
	check()
}

// A consumer that does not read is closed over TLS too, and does not keep Close.
func TestHostileNeverReadsTLS(t *testing.T) {
	b := start(t, broker.Config{QueueBytes: 1 << 20, WriteTimeout: time.Minute})
	check := served(t, b)
	server, trusting := certified(t)
	dialTLS := listenTLS(t, b, server, trusting)
	const peers = 16
	for range peers {
		c := dialTLS()
		c.connect("1.2")
		c.subscribe("s", "/topic/t", "auto")
	}
	p := connect(t, b, "1.2")
	body := strings.Repeat("x", 10_000)
	go floodFor(p.nc, 256<<20, patience, func(int) string { return "SEND\ndestination:/topic/t\n\n" + body + "^@" })
	waitFor(t, func() bool { return b.Stats().HeldProducers == 1 })
	check()
	began := time.Now()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	// Each may take 5 s, which is what crypto/tls gives a peer, but all at once.
	if took := time.Since(began); took > peers*4*time.Second {
		t.Errorf("Close took %v", took)
	}
}
