package conn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// Two brokers as users of ActiveMQ write them: the second is tried when the first cannot be reached or refuses.
func ExampleParseURI() {
	d, err := conn.ParseURI("failover:(stomp://guest:guest@primary:61613,stomps://guest:guest@standby)?randomize=false&maxReconnectAttempts=5")
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range d.Addresses {
		fmt.Println(a)
	}
	fmt.Println(d.MaxRounds, "rounds")
	// Output:
	// stomp://guest:***@primary:61613
	// stomps://guest:***@standby:61614
	// 5 rounds
}

// Failover over a list of addresses, and what is known when none of them would do.
func ExampleDialer() {
	d := conn.Dialer{
		Addresses: []conn.Address{
			{Host: "192.168.1.100"},
			{Host: "192.168.1.101", Port: 62613},
			{Host: "fe80::a00:27ff:fe90:3f1a%en1", Port: 62613},
		},
		MaxRounds: -1, // until ctx ends
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := d.Dial(ctx, &conn.Config{Login: "admin", Passcode: "password"})
	var failed *conn.DialError
	if errors.As(err, &failed) {
		for _, attempt := range failed.Attempts {
			log.Printf("%s: %v", attempt.Addr, attempt.Err)
		}
		return
	}
	defer c.Close()
}

// TLS verifies the broker by the system's roots. This broker has a certificate of a CA of its own and wants one from us.
func ExampleDialer_tls() {
	pem, err := os.ReadFile("ca.pem")
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	mine, err := tls.LoadX509KeyPair("client.pem", "client.key")
	if err != nil {
		log.Fatal(err)
	}

	d, err := conn.ParseURI("stomp+ssl://broker.example:61614")
	if err != nil {
		log.Fatal(err)
	}
	d.TLS = &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{mine}}
	c, err := d.Dial(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
}
