package conn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"math/big"
	"net"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
)

// The broker's certificate is of a CA that we made ourselves, and the client trusts that CA and no other. Without RootCAs
// it would be the roots of the system. There is no way to say "do not verify" but your own tls.Config.
func ExampleDialer_privateCA() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	roots, certificate := makeCA()

	// A broker behind TLS, in place of yours.
	b, err := broker.New(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = b.Serve(l) }()

	d, err := conn.ParseURI("stomp+ssl://" + l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	d.MaxRounds = 1
	if _, err := d.Dial(ctx, nil); err != nil {
		fmt.Println("with the system's roots: refused")
	}
	d.TLS = &tls.Config{RootCAs: roots}
	c, err := d.Dial(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("with our own: STOMP", c.Version())
	// Output:
	// with the system's roots: refused
	// with our own: STOMP 1.2
}

// makeCA returns a CA, for clients to trust, and a certificate that it has issued for 127.0.0.1.
func makeCA() (*x509.CertPool, tls.Certificate) {
	caKey, caErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if caErr != nil || err != nil {
		log.Fatal(caErr, err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	caBytes, caErr := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	leafBytes, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if caErr != nil || err != nil {
		log.Fatal(caErr, err)
	}
	parsed, err := x509.ParseCertificate(caBytes)
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return roots, tls.Certificate{Certificate: [][]byte{leafBytes}, PrivateKey: key}
}
