package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"slices"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/conn/internal/dial"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// Config configures a client. The zero value, and a nil *Config, are ready to use: all versions,
// heart-beats every 10 s, no login, and reconnecting without end once it was connected. It is
// copied.
type Config struct {
	// Login and Passcode go to the broker with CONNECT unless they are empty. They cannot
	// contain CR, LF or NUL, which CONNECT has no way to write. Those in a URI take precedence.
	Login, Passcode string

	// Credentials, if set, is called for each connection, so that tokens can be refreshed; its
	// result replaces Login and Passcode. An error counts as a failed attempt. It runs on a
	// goroutine of its own, and ctx ends with the attempt.
	Credentials func(ctx context.Context) (login, passcode string, err error)

	// Host is the virtual host; "/" if it is empty. STOMP recommends the name that was dialled, but
	// RabbitMQ takes it for a vhost, and its default vhost is "/". A path in the URI takes
	// precedence.
	Host string

	// ClientID identifies durable subscribers to ActiveMQ and Artemis. It is sent only on the
	// connection that consumes, because ActiveMQ accepts one connection for each id.
	ClientID string

	// Headers are added to CONNECT.
	Headers []frame.Field

	// UseStomp sends STOMP instead of CONNECT. Servers of 1.0 do not know it.
	UseStomp bool

	// Broker names the broker, if its CONNECTED does not: see dialect.Of. Most do.
	Broker dialect.Broker

	// Versions to offer; all of them if it is 0. The broker chooses the highest it knows.
	Versions frame.Versions

	// HeartBeat is what the client offers: how often it can send, and how often it wants to receive
	// something. 0 is 10 s; a negative value offers none.
	HeartBeat frame.HeartBeat

	// ReceiveScale is how many negotiated intervals of silence are tolerated before the broker
	// counts as dead, from 1 to 1000; default 3. ActiveMQ skips a heart-beat after each frame,
	// so 2 is not enough for it.
	ReceiveScale float64

	// MaxFrameSize is the largest frame in bytes that is sent; a larger one returns a
	// *frame.LimitError instead of a closed connection. 0 uses the known limit of the broker, a
	// negative value allows any size.
	MaxFrameSize int

	// ConnectTimeout bounds each attempt to connect, from the first packet to CONNECTED;
	// default 10 s.
	ConnectTimeout time.Duration

	// ReceiptTimeout bounds the wait for a receipt; default 30 s.
	ReceiptTimeout time.Duration

	// DisconnectTimeout bounds Disconnect if its context has no deadline; default 5 s.
	DisconnectTimeout time.Duration

	// Producers is how many connections to send on; default 1, at most 64. Messages to one
	// destination use one connection, so their order is kept.
	Producers int

	// OneConnection uses a single connection for everything. By default subscriptions have one of
	// their own, because brokers block whole connections: RabbitMQ stops reading a connection that
	// publishes during a memory alarm, ActiveMQ one whose destination is full, and with it the ACKs
	// on it.
	OneConnection bool

	// NoReconnect ends the client with the first connection that is lost.
	NoReconnect bool

	// FailFast makes calls return an error that Is ErrNotConnected while there is no connection. By default
	// they wait for one, under their context.
	FailFast bool

	// Attempts is how many rounds over all addresses may fail in a row before the client gives
	// up. 0 is 3 until it was connected once, and no limit after that; a negative value is no
	// limit at all. The options of a failover URI set it, and Backoff, too.
	Attempts int

	// Backoff is the pause between rounds.
	Backoff Backoff

	// TLS is for addresses with TLS. nil verifies the certificate with the roots of the system and
	// demands TLS 1.2. An empty ServerName becomes that of the address.
	TLS *tls.Config

	// DialFunc makes TCP and Unix connections: network is "tcp" or "unix". nil is the DialContext
	// of a net.Dialer. Use it for a source address, keep-alive settings, proxies, tunnels and
	// tests. It must return soon after ctx has ended.
	DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

	// WebSocket is what ws and wss addresses need: ws.Client of package conn/ws.
	WebSocket func(ctx context.Context, nc net.Conn, url string, subprotocols []string) (net.Conn, error)

	// Link bounds the memory and times of each connection. The default limits of inbound frames are
	// those of dialect.Limits, so that everything that brokers deliver by default can be received. A
	// message above them reaches no handler: it is skipped, refused with NACK where that is possible, in
	// mode auto lost, and reported only to Stats.Skipped, Logger and Trace.
	Link link.Options

	// Driver reads the connections. nil gives each TCP or Unix socket an event loop of its own, and
	// any other connection a goroutine. With a shared *engine.Engine handlers must not block.
	Driver interface{ Start(l *link.Link) error }

	// Unsolicited is called for messages that belong to no known subscription. nil drops and counts
	// them. It runs like a message handler.
	Unsolicited MessageHandler

	// Trace is called for everything that happens; see Event. nil costs nothing.
	Trace func(ctx context.Context, e *Event)

	// Logger logs losses and refusals; nil logs nothing. A panic of user code is logged to it, and
	// to slog.Default() if it is nil and there is no Trace.
	Logger *slog.Logger
}

// Backoff is how long to pause between rounds over the addresses of a broker.
type Backoff = dial.Backoff

const (
	defaultHeartBeat  = 10 * time.Second
	defaultScale      = 3.0
	maxScale          = 1000 // times the longest interval in STOMP, it fits a time.Duration
	defaultConnect    = 10 * time.Second
	defaultReceipt    = 30 * time.Second
	defaultDisconnect = 5 * time.Second
	maxProducers      = 64
)

// withDefaults returns a copy with all defaults filled in.
func (cfg *Config) withDefaults() Config {
	var out Config
	if cfg != nil {
		out = *cfg
	}
	if out.Host == "" {
		out.Host = out.Broker.Dialect().Host
	}
	if out.Versions == 0 {
		out.Versions = frame.AllVersions
	}
	out.HeartBeat.Send = offer(out.HeartBeat.Send)
	out.HeartBeat.Receive = offer(out.HeartBeat.Receive)
	if out.ReceiveScale == 0 {
		out.ReceiveScale = defaultScale
	}
	orDefault(&out.ConnectTimeout, defaultConnect)
	orDefault(&out.ReceiptTimeout, defaultReceipt)
	orDefault(&out.DisconnectTimeout, defaultDisconnect)
	out.Producers = max(out.Producers, 1)
	out.Headers = slices.Clone(out.Headers)
	fillLimits(&out.Link.Limits)
	return out
}

// fillLimits fills in limits at which everything that brokers deliver by default is accepted.
func fillLimits(l *frame.Limits) {
	most := dialect.Limits()
	for _, f := range []struct {
		n   *int
		def int
	}{{&l.Headers, most.Headers}, {&l.HeaderLine, most.HeaderLine}, {&l.HeaderBlock, most.HeaderBlock}, {&l.Body, most.Body}} {
		if *f.n == 0 {
			*f.n = f.def
		}
	}
}

func offer(d time.Duration) time.Duration {
	if d == 0 {
		return defaultHeartBeat
	}
	return max(d, 0)
}

func orDefault(d *time.Duration, def time.Duration) {
	if *d <= 0 {
		*d = def
	}
	*d = min(*d, longest)
}

// longest replaces longer times, so that adding a moment does not overflow.
const longest time.Duration = math.MaxInt64 / 2

// validate refuses settings that could only fail later.
func (cfg *Config) validate() error {
	switch {
	case !cfg.Broker.Valid():
		return fmt.Errorf("stomp: Config.Broker: there is no broker number %d", cfg.Broker)
	case cfg.Versions&frame.AllVersions == 0:
		return errors.New("stomp: Config.Versions contains no known version")
	case !(cfg.ReceiveScale >= 1 && cfg.ReceiveScale <= maxScale): // excludes NaN, too
		return fmt.Errorf("stomp: Config.ReceiveScale is %v, not from 1 (below it a healthy broker counts as dead) to %v",
			cfg.ReceiveScale, float64(maxScale))
	case cfg.Producers > maxProducers:
		return fmt.Errorf("stomp: Config.Producers is %d, at most %d are allowed", cfg.Producers, maxProducers)
	case cfg.OneConnection && cfg.Producers > 1:
		return errors.New("stomp: Config has both OneConnection and several Producers")
	}
	for _, f := range cfg.Headers {
		switch f.Name {
		case frame.HeaderReceipt: // "any client frame other than CONNECT" (STOMP 1.2, Header receipt)
			return errors.New("stomp: Config.Headers: CONNECT cannot ask for a receipt")
		case frame.HeaderAcceptVersion, frame.HeaderHost, frame.HeaderLogin, frame.HeaderPasscode, frame.HeaderHeartBeat:
			return fmt.Errorf("stomp: Config.Headers: %s has a field of its own", f.Name)
		case "client-id":
			return errors.New("stomp: Config.Headers: client-id has a field of its own, ClientID")
		}
	}
	return cfg.Link.Limits.Validate()
}

// reach returns the settings of package dial.
func (cfg *Config) reach() *dial.Options {
	return &dial.Options{TLS: cfg.TLS, DialFunc: cfg.DialFunc, WebSocket: cfg.WebSocket, Under: link.Progress}
}
