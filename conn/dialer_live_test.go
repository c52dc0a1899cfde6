package conn_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
)

// fromEnv returns a variable that interop/brokers.sh env prints, and skips the test if it is not set.
func fromEnv(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Skipf(`%s is not set: start brokers with interop/brokers.sh and eval "$(interop/brokers.sh env)"`, name)
	}
	return value
}

// Real brokers over TLS: verified, refused without their CA, with and without a client certificate, and after a
// failover from an address that is dead.
func TestDialTLSBrokers(t *testing.T) {
	for _, broker := range []struct{ variable, server string }{
		{"STOMPWIRE_RABBITMQ_TLS_URI", "RabbitMQ"},
		{"STOMPWIRE_ACTIVEMQ_TLS_URI", "ActiveMQ"},
	} {
		t.Run(broker.server, func(t *testing.T) {
			uri := fromEnv(t, broker.variable)
			pem, err := os.ReadFile(fromEnv(t, "STOMPWIRE_TLS_CA"))
			if err != nil {
				t.Fatal(err)
			}
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(pem)

			d, err := conn.ParseURI("failover:(stomps://127.0.0.1:9," + uri + ")?randomize=false&maxReconnectAttempts=1")
			if err != nil {
				t.Fatal(err)
			}
			if cert, err := tls.LoadX509KeyPair(os.Getenv("STOMPWIRE_TLS_CERT"), os.Getenv("STOMPWIRE_TLS_KEY")); err == nil {
				with := *d // a dialer can be copied
				with.TLS = &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}}
				dialled(t, &with, nil)
			}
			var unknown x509.UnknownAuthorityError
			if _, err := d.Dial(t.Context(), nil); !errors.As(err, &unknown) {
				t.Errorf("without its CA: error %v", err)
			}
			d.TLS = &tls.Config{RootCAs: pool}
			c := dialled(t, d, nil)
			if !strings.HasPrefix(c.Server(), broker.server) {
				t.Errorf("server is %q", c.Server())
			}
			if err := c.SendReceipt(t.Context(), fmt.Sprintf("/queue/tls-%d", time.Now().UnixNano()), make([]byte, 100_000)); err != nil {
				t.Error(err)
			}
			if err := c.Disconnect(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A login that a real broker refuses is told for each address, without the passcode.
func TestDialRefusedByRabbitMQ(t *testing.T) {
	uri := fromEnv(t, "STOMPWIRE_RABBITMQ_URI")
	a, err := conn.ParseAddress(uri)
	if err != nil {
		t.Fatal(err)
	}
	wrong, noVHost := a, a
	wrong.Passcode, noVHost.VHost = "hunter3", "no-such-vhost"
	_, err = inOrder(wrong, noVHost).Dial(t.Context(), nil)
	var all *conn.DialError
	if !errors.As(err, &all) || len(all.Attempts) != 2 || strings.Contains(err.Error(), "hunter3") {
		t.Fatalf("error %v", err)
	}
	for _, attempt := range all.Attempts {
		if !errors.As(attempt, new(*conn.ServerError)) {
			t.Errorf("%v", attempt)
		}
	}
	dialled(t, inOrder(wrong, noVHost, a), nil)
}
