package foreign

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/frame"
)

// beat is the interval of heart-beats. Our broker bears silence for twice as long, and
// a client that has just to send one may stand still for ten seconds on a slow machine.
const beat = 10 * time.Second

// stage is what a program finds when it starts: a broker of its own behind three
// ports, and a partner.
type stage struct {
	over          transport
	plain, secure string // ports
	ca            string // file
	tap           *tap
}

func newStage(t *testing.T, over transport, version string) *stage {
	t.Helper()
	b, err := broker.Start(broker.Config{
		Users:     map[string]string{"guest": "guest"},
		HeartBeat: frame.HeartBeat{Send: beat, Receive: beat},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s := &stage{over: over}
	s.listen(t, b)
	p := newPartner(t, b.Addr().String(), version)
	s.tap = newTap(t, over, "127.0.0.1:"+s.plain, p.enough)
	t.Cleanup(s.tap.close)
	return s
}

// listen has b listen for the program, with TLS and without.
func (s *stage) listen(t *testing.T, b *broker.Broker) {
	t.Helper()
	cert, pemCert := selfSigned(t)
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.ca, pemCert, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}}
	const addr = "127.0.0.1:0"
	if s.over == webSocket {
		s.plain = portOf(t)(ws.Listen(b, addr, ws.Options{}))
		s.secure = portOf(t)(ws.Listen(b, addr, ws.Options{TLS: cfg}))
		return
	}
	s.plain = portOf(t)(b.URI(), nil)
	s.secure = portOf(t)(b.ListenTLS(addr, cfg))
}

// portOf takes what a call that listens returns.
func portOf(t *testing.T) func(uri string, err error) string {
	return func(uri string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		return u.Port()
	}
}

// selfSigned returns a certificate for loopback that is its own authority.
func selfSigned(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// environ is what a program is told.
func (s *stage) environ(version, features string) []string {
	return append(os.Environ(),
		"STOMP_HOST=127.0.0.1",
		"STOMP_OVER="+string(s.over),
		"STOMP_PORT="+s.plain,
		"STOMP_TLS_PORT="+s.secure,
		"STOMP_BEAT_PORT="+s.tap.port(),
		"STOMP_BEAT="+strconv.FormatInt(beat.Milliseconds(), 10),
		"STOMP_CA="+s.ca,
		"STOMP_VERSION="+version,
		"STOMP_FEATURES="+features,
	)
}
