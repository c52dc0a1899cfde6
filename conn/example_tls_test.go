package conn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
)

// The broker's certificate comes from a private CA, and the client trusts that CA and no other.
// Without RootCAs it trusts the roots of the system. Only your own tls.Config can turn verification
// off. A client certificate goes into Certificates.
func ExampleConfig_tls() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	roots, certificate := makeCA()

	// A broker with TLS, in place of yours.
	b, err := broker.New(broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	uri, err := b.ListenTLS("127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		log.Fatal(err)
	}

	_, err = conn.Dial(ctx, uri, &conn.Config{Attempts: 1})
	var unknown x509.UnknownAuthorityError
	fmt.Println("with the system's roots, unknown authority:", errors.As(err, &unknown))

	c, err := conn.Dial(ctx, uri, &conn.Config{TLS: &tls.Config{RootCAs: roots}})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("with our own: STOMP", c.Sessions()[0].Version)
	// Output:
	// with the system's roots, unknown authority: true
	// with our own: STOMP 1.2
}

// makeCA returns a CA for clients to trust, and a certificate that it has issued for 127.0.0.1.
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
