package conn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// tinyTLS serves STOMP over TLS at 127.0.0.1 and returns the address, by the name of localhost if it has to be by name.
func tinyTLS(t testing.TB, cfg *tls.Config, play script) conn.Address {
	t.Helper()
	l := listen(t, "tcp", "127.0.0.1:0")
	serve(t, l, func(nc net.Conn) {
		secure := tls.Server(nc, cfg)
		if secure.HandshakeContext(t.Context()) == nil {
			play(secure)
			_ = secure.Close()
		}
	})
	a := at(l)
	a.Transport = conn.TransportTLS
	return a
}

type distrust string

func (d distrust) Error() string { return string(d) }

const errDistrust = distrust("I do not trust it")

func TestDialTLS(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	client := ca.issue(soon)
	trusting := &tls.Config{RootCAs: ca.pool}
	var unknownCA x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var distrusted distrust
	var anything error // the two sides differ in who finds it, and when
	for _, c := range []struct {
		name   string
		server *tls.Config
		change func(a *conn.Address)
		client *tls.Config
		as     any // nil if it succeeds
	}{
		{"right", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "127.0.0.1")}}, nil, trusting, nil},
		{"by another name", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "broker.example")}},
			func(a *conn.Address) { a.ServerName = "broker.example" }, trusting, nil},
		{"the user's own name", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "broker.example")}}, nil,
			&tls.Config{RootCAs: ca.pool, ServerName: "broker.example"}, nil},
		{"the user's own check", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "127.0.0.1")}}, nil,
			&tls.Config{RootCAs: ca.pool, VerifyConnection: func(tls.ConnectionState) error { return errDistrust }}, &distrusted},
		{"unknown CA", &tls.Config{Certificates: []tls.Certificate{stranger.issue(soon, "127.0.0.1")}}, nil, trusting, &unknownCA},
		{"system's CAs do not know ours", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "127.0.0.1")}}, nil, nil, &unknownCA},
		{"wrong name", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "broker.example")}}, nil, trusting, &wrongName},
		{"expired", &tls.Config{Certificates: []tls.Certificate{ca.issue(past, "127.0.0.1")}}, nil, trusting, &invalid},
		{"insecure on demand", &tls.Config{Certificates: []tls.Certificate{stranger.issue(past, "broker.example")}}, nil,
			&tls.Config{InsecureSkipVerify: true}, nil},
		{"too old", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "127.0.0.1")}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
			nil, trusting, &anything},
		{"client certificate", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "127.0.0.1")},
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool}, nil,
			&tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{client}}, nil},
		{"client certificate missing", &tls.Config{Certificates: []tls.Certificate{ca.issue(soon, "127.0.0.1")},
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool}, nil, trusting, &anything},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := tinyTLS(t, c.server, accepting)
			if c.change != nil {
				c.change(&a)
			}
			d := inOrder(a)
			d.TLS = c.client
			s, err := d.Dial(t.Context(), &conn.Config{ConnectTimeout: time.Minute})
			if s != nil {
				_ = s.Close()
			}
			if (err != nil) != (c.as != nil) || (err != nil && !errors.As(err, c.as)) {
				t.Fatalf("error %v; want a %T", err, c.as)
			}
		})
	}
}

// SNI tells the name of the address, also where it is reached by 127.0.0.1.
func TestDialTLSServerName(t *testing.T) {
	name, _ := own(t)
	ca := newAuthority(t)
	names := make(chan string, 1)
	cert := ca.issue(time.Now().Add(time.Hour), name)
	a := tinyTLS(t, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		names <- hello.ServerName
		return &cert, nil
	}}, accepting)
	a.Host = name
	dialled(t, &conn.Dialer{Addresses: []conn.Address{a}, TLS: &tls.Config{RootCAs: ca.pool}, MaxRounds: 1}, nil)
	if got := <-names; got != name {
		t.Errorf("SNI is %q; want %q", got, name)
	}
}

// A plain broker at a TLS address, or one that says nothing, is passed over in time.
func TestDialTLSPassesOver(t *testing.T) {
	ca := newAuthority(t)
	good := tinyTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(time.Now().Add(time.Hour), "127.0.0.1")}}, accepting)
	for name, play := range map[string]script{
		"silent": silent, "closing": closing, "not TLS": notSTOMP,
		"plain broker": func(nc net.Conn) { _, _ = io.WriteString(nc, "ERROR\nmessage:what\n\n\x00"); silent(nc) },
	} {
		bad := at(tiny(t, play))
		bad.Transport = conn.TransportTLS
		d := inOrder(bad, good)
		d.TLS = &tls.Config{RootCAs: ca.pool}
		d.TransportTimeout = 500 * time.Millisecond
		d.MaxRounds = -1 // that may be too short for the good one, too
		dialled(t, d, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := inOrder(bad).Dial(ctx, nil)
		cancel()
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A session over TLS does what one over TCP does: messages of every size, DISCONNECT, the end.
func TestTLSSession(t *testing.T) {
	ca := newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.issue(time.Now().Add(time.Hour), "127.0.0.1")}}
	l := listen(t, "tcp", "127.0.0.1:0")
	serve(t, l, func(nc net.Conn) { echoing(tls.Server(nc, cfg)) })
	a := at(l)
	a.Transport = conn.TransportTLS
	d := inOrder(a)
	d.TLS = &tls.Config{RootCAs: ca.pool}
	exchange(t, dialled(t, d, nil))
}

// The limits of connecting end with it: a session may be idle for as long as heart-beats allow.
func TestIdleOutlivesTimeouts(t *testing.T) {
	for _, transport := range []conn.Transport{conn.TransportTCP, conn.TransportTLS} {
		synctest.Test(t, func(t *testing.T) {
			ca := newAuthority(t)
			secure := &tls.Config{Certificates: []tls.Certificate{ca.issue(time.Now().Add(time.Hour), "127.0.0.1")}}
			play := accepting
			if transport == conn.TransportTLS {
				play = func(nc net.Conn) { accepting(tls.Server(nc, secure)) }
			}
			d := inOrder(conn.Address{Host: "127.0.0.1", Transport: transport})
			d.DialFunc = func(context.Context, string, string) (net.Conn, error) {
				client, broker := net.Pipe()
				go func() {
					play(broker)
					_ = broker.Close()
				}()
				return client, nil
			}
			d.TLS = &tls.Config{RootCAs: ca.pool}
			const limit = time.Second
			d.TransportTimeout, d.TotalTimeout = limit, limit
			c, err := d.Dial(t.Context(), &conn.Config{ConnectTimeout: limit})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			time.Sleep(time.Hour)
			if err := c.Send(t.Context(), "/queue/a", nil); err != nil || c.Err() != nil {
				t.Errorf("%v: %v, %v", transport, err, c.Err())
			}
		})
	}
}
