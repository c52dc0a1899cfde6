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
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// beat is the interval of heart-beats. It is no shorter, for some clients take silence
// for death after one and a half, and the machine may be slow.
const beat = 2 * time.Second

// stage is what a program finds when it starts: a broker of its own behind three
// ports, and a partner.
type stage struct {
	plain, secure net.Addr
	ca            string // file
	tap           *tap
}

func newStage(t *testing.T, version string) *stage {
	t.Helper()
	b, err := broker.Start(broker.Config{
		Users:     map[string]string{"guest": "guest"},
		HeartBeat: frame.HeartBeat{Send: beat, Receive: beat},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s := &stage{plain: b.Addr()}
	s.serveTLS(t, b)
	p := newPartner(t, b.Addr().String(), version)
	s.tap = newTap(t, b.Addr().String(), p.enough)
	t.Cleanup(s.tap.close)
	return s
}

// serveTLS has b listen a second time, behind TLS.
func (s *stage) serveTLS(t *testing.T, b *broker.Broker) {
	t.Helper()
	cert, pemCert := selfSigned(t)
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.ca, pemCert, 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	s.secure = ln.Addr()
	var done sync.WaitGroup
	t.Cleanup(func() { // before the broker's, which would wait for it
		ln.Close()
		done.Wait()
	})
	done.Go(func() { _ = b.Serve(ln) })
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
		"STOMP_PORT="+port(s.plain),
		"STOMP_TLS_PORT="+port(s.secure),
		"STOMP_BEAT_PORT="+port(s.tap.ln.Addr()),
		"STOMP_BEAT="+strconv.FormatInt(beat.Milliseconds(), 10),
		"STOMP_CA="+s.ca,
		"STOMP_VERSION="+version,
		"STOMP_FEATURES="+features,
	)
}

func port(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return port
}
