package faults_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	brokerws "github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/frame"
)

// front is how a test of the network talks to a broker, and to which: over TCP, TLS or WebSocket, taking messages with a
// handler or with a Consumer.
type front struct {
	name  string
	pulls bool // takes messages with a Consumer, and over engine/pump where it has the choice

	// start starts a broker that listens there, or finds one that runs, and says where.
	start func(t *testing.T, cfg broker.Config) *site

	// asideTakes has the messages taken over a connection that no fault touches. Artemis strands a message that it had
	// delivered less than a second before the connection was cut: nobody else gets it.
	asideTakes bool
}

// site is a broker and the way to it.
type site struct {
	d    *conn.Dialer // of its one address
	b    *broker.Broker
	name string // of the queue
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

// dial returns what dials the broker at addr, which is its own or that of a proxy before it.
func (s *site) dial(addr string) dialFunc {
	d := *s.d
	to := netip.MustParseAddrPort(addr)
	d.Addresses = []conn.Address{s.d.Addresses[0]}
	d.Addresses[0].Host, d.Addresses[0].Port = to.Addr().String(), to.Port()
	return d.Dial
}

// addr is where the broker listens.
func (s *site) addr() string {
	a := s.d.Addresses[0]
	return net.JoinHostPort(a.Host, fmt.Sprint(a.Port))
}

// dialer is for one attempt at a time: it is the client that tries again.
func dialer(t testing.TB, uri string) *conn.Dialer {
	t.Helper()
	d, err := conn.ParseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	d.MaxRounds, d.WebSocket = 1, ws.Client
	return d
}

func startTCP(t *testing.T, cfg broker.Config) *site {
	t.Helper()
	b := start(t, cfg)
	return &site{dialer(t, b.URI()), b, destination}
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
	d := dialer(t, uri)
	d.TLS = trust
	return &site{d, b, destination}
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
		d, err := conn.ParseURI(uri)
		if err != nil {
			t.Fatalf("STOMPWIRE_%s holds no URI of a broker", variable) // which may hold a passcode, so it is not shown
		}
		d.MaxRounds, d.WebSocket = 1, ws.Client
		if file := os.Getenv("STOMPWIRE_TLS_CA"); file != "" {
			d.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
			if text, err := os.ReadFile(file); err != nil || !d.TLS.RootCAs.AppendCertsFromPEM(text) {
				t.Fatalf("STOMPWIRE_TLS_CA names no certificates: %v", err)
			}
		}
		return &site{d, nil, fmt.Sprintf("/queue/stompwire-faults-%x", rand.Uint64())}
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
	x := startToxics(t, s.addr())
	return &path{s, x, startCable(t, x.addr())}
}

func (w *path) dial(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
	return w.site.dial(w.cable.addr())(ctx, cfg)
}

// renew has new connections go through a toxiproxy without toxics, or with what add adds, and closes those of the last.
func (w *path) renew(add func(*toxics)) {
	old := w.toxics
	w.toxics = startToxics(old.t, w.addr())
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
