package faults_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	brokerws "github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// front is how a test of the network talks to a broker, and to which: over TCP, TLS or WebSocket, taking messages with a
// handler or with Next.
type front struct {
	name  string
	pulls bool // takes messages with Next, and over engine/pump where it has the choice

	// start starts a broker that listens there, or finds one that runs, and says where.
	start func(t *testing.T, cfg broker.Config) *site

	// asideTakes has the messages taken over a connection that no fault touches. Artemis strands a
	// message that it had delivered less than a second before the connection was cut: no other
	// consumer gets it.
	asideTakes bool
}

// site is a broker and the way to it.
type site struct {
	place place
	b     *broker.Broker
	name  string // of the queue
}

// embedded are the fronts of the embedded broker.
var embedded = []front{
	{name: "tcp", start: startTCP},
	{name: "tcp, pulled", start: startTCP, pulls: true},
	{name: "tls", start: startTLS},
	{name: "websocket", start: startWebSocket, pulls: true},
}

// onePerTransport are those of them that differ on the wire.
var onePerTransport = []front{embedded[0], embedded[2], embedded[3]}

// everywhere are all fronts. Those of brokers that do not run skip their tests.
var everywhere = append(slices.Clone(embedded),
	front{name: "rabbitmq", start: running("RABBITMQ_URI")},
	front{name: "rabbitmq over tls", start: running("RABBITMQ_TLS_URI"), pulls: true},
	front{name: "rabbitmq over websocket", start: running("RABBITMQ_WS_URI")},
	front{name: "activemq", start: running("ACTIVEMQ_URI"), pulls: true},
	front{name: "activemq over tls", start: running("ACTIVEMQ_TLS_URI")},
	front{name: "artemis", start: running("ARTEMIS_URI"), asideTakes: true},
)

// onePerBroker are those for what takes long.
var onePerBroker = slices.DeleteFunc(slices.Clone(everywhere), func(f front) bool {
	return strings.HasPrefix(f.name, "rabbitmq over") || strings.HasPrefix(f.name, "activemq over")
})

// real says that the broker is none of ours, and has its own mind about heart-beats.
func (s *site) real() bool { return s.b == nil }

func startTCP(t *testing.T, cfg broker.Config) *site {
	t.Helper()
	b := start(t, cfg)
	return &site{place{uri: b.URI()}, b, destination}
}

func startTLS(t *testing.T, cfg broker.Config) *site {
	t.Helper()
	b := start(t, cfg)
	server, trust := certified(t)
	uri, err := b.ListenTLS("127.0.0.1:0", server)
	return secured(t, b, uri, err, trust)
}

func startWebSocket(t *testing.T, cfg broker.Config) *site {
	t.Helper()
	b := start(t, cfg)
	server, trust := certified(t)
	uri, err := brokerws.Listen(b, "127.0.0.1:0", brokerws.Options{TLS: server})
	return secured(t, b, uri, err, trust)
}

func secured(t *testing.T, b *broker.Broker, uri string, err error, trust *tls.Config) *site {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return &site{place{uri: uri, tls: trust}, b, destination}
}

func start(t *testing.T, cfg broker.Config) *broker.Broker {
	t.Helper()
	b, err := broker.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// running finds a broker that is up, by what interop/brokers.sh env prints.
func running(variable string) func(*testing.T, broker.Config) *site {
	return func(t *testing.T, _ broker.Config) *site {
		t.Helper()
		uri := os.Getenv("STOMPWIRE_" + variable)
		if uri == "" {
			t.Skipf("STOMPWIRE_%s is not set; see interop/brokers.sh", variable)
		}
		to := place{uri: uri}
		if _, err := to.client(conn.Config{}); err != nil {
			t.Fatalf("STOMPWIRE_%s holds no URI of a broker", variable) // which may hold a passcode, so it is not shown
		}
		if file := os.Getenv("STOMPWIRE_TLS_CA"); file != "" {
			to.tls = &tls.Config{RootCAs: x509.NewCertPool()}
			if text, err := os.ReadFile(file); err != nil || !to.tls.RootCAs.AppendCertsFromPEM(text) {
				t.Fatalf("STOMPWIRE_TLS_CA names no certificates: %v", err)
			}
		}
		return &site{to, nil, fmt.Sprintf("/queue/stompwire-faults-%x", rand.Uint64())}
	}
}

// certified returns the two sides of TLS for 127.0.0.1. The certificate is the one that httptest has.
func certified(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	trust := s.Client().Transport.(*http.Transport).TLSClientConfig
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: trust.RootCAs}
}

// path is a way to a broker, with a proxy of each kind in it: client, cable, toxics, broker.
type path struct {
	*site
	toxics *toxics
	cable  *cable
}

func startPath(t *testing.T, f front, cfg broker.Config) *path {
	t.Helper()
	s := f.start(t, cfg)
	x := startToxics(t, s.place.addr())
	return &path{s, x, startCable(t, x.addr())}
}

// way is the place of the broker behind both.
func (w *path) way() place { return w.place.at(w.cable.addr()) }

// renew has new connections go through a toxiproxy without toxics, or with what add adds, and closes those of the last.
func (w *path) renew(add func(*toxics)) {
	old := w.toxics
	w.toxics = startToxics(old.t, w.place.addr())
	if add != nil {
		add(w.toxics)
	}
	w.cable.lead(w.toxics.addr())
	old.stop()
}

// awaitEmpty waits until the broker has no message left. Only of ours can we ask that.
func (w *path) awaitEmpty(t *testing.T) {
	t.Helper()
	if !w.real() {
		eventually(t, "the broker has nothing left", func() bool { return w.b.Stats().StoredBytes == 0 })
	}
}

// beats returns heart-beats that find a dead connection soon, but not a slow machine. RabbitMQ knows whole seconds, and
// ActiveMQ hangs up after one that is late.
func (w *path) beats() time.Duration {
	if w.real() {
		return time.Second
	}
	return 250 * time.Millisecond
}

// each runs a test over each of the fronts.
func each(t *testing.T, fronts []front, cfg broker.Config, test func(t *testing.T, f front, w *path)) {
	t.Helper()
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			leavesNothing(t)
			test(t, f, startPath(t, f, cfg))
		})
	}
}

// alive has a heart-beat in both directions.
func alive(every time.Duration) frame.HeartBeat {
	return frame.HeartBeat{Send: every, Receive: every}
}
