package dial_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn/internal/dial"
	"github.com/stompwire/stompwire/internal/testca"
)

type distrust string

func (d distrust) Error() string { return string(d) }

const errDistrust = distrust("I do not trust it")

func TestDialTLS(t *testing.T) {
	ca, stranger := testca.New(t), testca.New(t)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	client := ca.Issue(soon)
	trusting := &tls.Config{RootCAs: ca.Pool}
	serving := func(cert tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{cert}} }
	demanding := &tls.Config{Certificates: []tls.Certificate{ca.Issue(soon, "127.0.0.1")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool}
	var unknownCA x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var distrusted distrust
	var anything error // which side notices it differs
	for _, c := range []struct {
		name   string
		server *tls.Config
		change func(a *dial.Address)
		client *tls.Config
		as     any // nil if it succeeds
	}{
		{"right", serving(ca.Issue(soon, "127.0.0.1")), nil, trusting, nil},
		{"by another name", serving(ca.Issue(soon, "broker.example")), func(a *dial.Address) { a.ServerName = "broker.example" }, trusting, nil},
		{"the user's own name", serving(ca.Issue(soon, "broker.example")), nil, &tls.Config{RootCAs: ca.Pool, ServerName: "broker.example"}, nil},
		{"the user's own check", serving(ca.Issue(soon, "127.0.0.1")), nil,
			&tls.Config{RootCAs: ca.Pool, VerifyConnection: func(tls.ConnectionState) error { return errDistrust }}, &distrusted},
		{"unknown CA", serving(stranger.Issue(soon, "127.0.0.1")), nil, trusting, &unknownCA},
		{"the system's roots do not contain ours", serving(ca.Issue(soon, "127.0.0.1")), nil, nil, &unknownCA},
		{"wrong name", serving(ca.Issue(soon, "broker.example")), nil, trusting, &wrongName},
		{"expired", serving(ca.Issue(past, "127.0.0.1")), nil, trusting, &invalid},
		{"insecure on demand", serving(stranger.Issue(past, "broker.example")), nil, &tls.Config{InsecureSkipVerify: true}, nil},
		{"too old", &tls.Config{Certificates: []tls.Certificate{ca.Issue(soon, "127.0.0.1")}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
			nil, trusting, &anything},
		{"client certificate", demanding, nil, &tls.Config{RootCAs: ca.Pool, Certificates: []tls.Certificate{client}}, nil},
		{"client certificate missing", demanding, nil, trusting, &anything},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := overTLS(t, c.server)
			if c.change != nil {
				c.change(&a)
			}
			o := dial.Options{TLS: c.client}
			nc, err := o.Reach(t.Context(), a, 0)
			if err == nil {
				defer nc.Close()
				// A TLS 1.3 server judges the certificate of the client when the
				// handshake is over for the client.
				if c.as != nil {
					_, err = nc.Read(make([]byte, 1))
				}
			}
			if (err != nil) != (c.as != nil) || (err != nil && !errors.As(err, c.as)) {
				t.Fatalf("error %v; want a %T", err, c.as)
			}
		})
	}
}

// SNI sends the name of the address, also where that is reached at 127.0.0.1.
func TestDialTLSServerName(t *testing.T) {
	name, _ := own(t)
	ca := testca.New(t)
	asked := make(chan string, 1)
	cert := ca.Issue(time.Now().Add(time.Hour), name)
	a := overTLS(t, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked <- hello.ServerName
		return &cert, nil
	}})
	a.Host = name
	targets, err := (&dial.Plan{Addresses: []dial.Address{a}}).Targets()
	if err != nil {
		t.Fatal(err)
	}
	reached(t, &dial.Options{TLS: &tls.Config{RootCAs: ca.Pool}}, targets[0].Address)
	if got := <-asked; got != name || targets[0].Host != "127.0.0.1" {
		t.Errorf("SNI is %q at %v; want %q", got, targets[0], name)
	}
}

// The user's configuration is not changed, and what is below TLS has gone through Under.
func TestTLSRunsOverUnder(t *testing.T) {
	ca := testca.New(t)
	a := overTLS(t, ca.Server("127.0.0.1"))
	type wrapped struct{ net.Conn }
	o := dial.Options{TLS: &tls.Config{RootCAs: ca.Pool}, Under: func(nc net.Conn) net.Conn { return wrapped{nc} }}
	nc := reached(t, &o, a)
	if _, ok := nc.(*tls.Conn).NetConn().(wrapped); !ok {
		t.Errorf("TLS runs over a %T", nc.(*tls.Conn).NetConn())
	}
	if o.TLS.ServerName != "" || o.TLS.MinVersion != 0 {
		t.Errorf("the configuration was changed: %q, %x", o.TLS.ServerName, o.TLS.MinVersion)
	}
}

// A broker without TLS at an address with TLS is an error, and no connection stays open.
func TestTLSToAPlainBroker(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	closed := make(chan struct{})
	serve(t, l, func(nc net.Conn) {
		_, _ = nc.Write([]byte("ERROR\nmessage:what\n\n\x00"))
		silent(nc)
		close(closed)
	})
	a := at(l)
	a.Transport = dial.TransportTLS
	if _, err := new(dial.Options).Reach(t.Context(), a, 0); err == nil || !strings.Contains(err.Error(), "TLS handshake") {
		t.Errorf("error %v", err)
	}
	<-closed
}
