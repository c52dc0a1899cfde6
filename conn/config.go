package conn

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// Config says how to connect. The zero value, and a nil *Config, are ready to use:
// every version, heart-beats each 10 s, no login. It is read once and not kept.
//
// A timeout that comes late, because the process was stopped or its machine stood
// still, is looked at again a second later, up to three times: what came meanwhile
// is read first.
type Config struct {
	// Login and Passcode go to the broker with CONNECT if they are not empty.
	// They cannot hold CR, LF or NUL, which CONNECT has no way to write.
	Login, Passcode string

	// Host is the name of the virtual host; "/" if it is empty. STOMP advises
	// the name that was dialled, but RabbitMQ takes it for a vhost and its vhost
	// is "/" unless somebody made others; ActiveMQ and Artemis ignore it.
	Host string

	// Broker says who answers, if its CONNECTED does not: see Dialect. Most do.
	Broker Broker

	// MaxFrameSize is the largest frame in bytes to send; what is larger ends in
	// a *FrameTooLargeError instead of a closed connection. 0 takes what the
	// Dialect knows, a negative value sends anything. Name a bound that you
	// changed at the broker, or that a WebSocket in between has.
	MaxFrameSize int

	// Versions to offer; all if it is 0. The broker chooses the highest it knows.
	Versions frame.Versions

	// HeartBeat is what we offer: how often we can send, how often we want to
	// hear. 0 is 10 s. A negative value offers none. Artemis would close a
	// connection that says nothing for a minute, so an EOL is sent to it each 30 s
	// anyway.
	HeartBeat frame.HeartBeat

	// ReceiveScale is how many negotiated intervals of silence are tolerated
	// before the broker counts as dead; default 3. Any byte is a sign of life.
	// ActiveMQ skips a heart-beat after each frame, so 2 is too few for it. At least
	// 1, at most 1000.
	ReceiveScale float64

	// Headers are added to CONNECT.
	Headers []frame.Field

	// UseStomp sends STOMP instead of CONNECT. Servers of 1.0 do not know it.
	UseStomp bool

	// ConnectTimeout bounds Dial and Open, from the first packet to CONNECTED;
	// default 10 s. The context may end them earlier. With a Dialer it bounds
	// each attempt.
	ConnectTimeout time.Duration

	// ReceiptTimeout bounds the wait for a receipt; default 30 s. The context may
	// end it earlier.
	ReceiptTimeout time.Duration

	// DisconnectTimeout bounds Disconnect; default 5 s.
	DisconnectTimeout time.Duration

	// Driver reads the connection. nil gives a TCP or Unix socket an event loop
	// of its own, and any other connection a goroutine. With a shared
	// *engine.Engine no handler of its connections may block.
	Driver Driver

	// Link bounds memory and time of the connection underneath.
	Link link.Options

	// OnError is called for ERROR frames that do not answer a frame that waits
	// for its receipt. The connection may or may not survive one. It runs on the
	// reading goroutine.
	OnError func(*ServerError)

	// OnUnsolicited is called for messages of no subscription that we know, such
	// as replies to RabbitMQ's /temp-queue/. nil drops and counts them. It runs on
	// the reading goroutine, like every message handler.
	OnUnsolicited MessageHandler

	// OnPanic is called when a message handler or a listener panics, in its place
	// and on its goroutine. The message is not acknowledged, and the connection lives on.
	// nil has the Logger told, or slog's default one: never nobody.
	//
	// A message handler that calls runtime.Goexit, as t.FailNow of package testing does,
	// is reported in the same way, but it takes the reading goroutine with it: the
	// connection ends, with the *PanicError as the cause, which Is ErrGoexit. A Client
	// makes a new one.
	OnPanic func(*PanicError)

	// OnClose is called once, when the connection has ended, with the cause: it
	// Is net.ErrClosed, and unwraps to what happened if it was not our doing. It
	// may call anything; Disconnect does not wait for it to return.
	OnClose func(err error)

	// Listeners are told of everything that happens on the connection. nil costs
	// nothing, and an empty set next to nothing.
	Listeners *Listeners

	// Logger is told of losses and oddities; nil for silence.
	Logger *slog.Logger
}

const (
	defaultHeartBeat   = 10 * time.Second
	defaultScale       = 3.0
	maxScale           = 1000 // of an interval that STOMP can tell, it fits a time.Duration
	defaultConnect     = 10 * time.Second
	defaultReceipt     = 30 * time.Second
	defaultDisconnect  = 5 * time.Second
	minReceiveTolerant = 100 * time.Millisecond
)

// withDefaults returns a copy with nothing left to decide.
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
	return out
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
}

// validate refuses what could only fail later, or work by luck.
func (cfg *Config) validate() error {
	if cfg.Broker >= numBrokers {
		return fmt.Errorf("stomp: Config.Broker: there is no broker number %d", cfg.Broker)
	}
	if cfg.Versions&frame.AllVersions == 0 {
		return errors.New("stomp: Config.Versions holds no version that we know")
	}
	if !(cfg.ReceiveScale >= 1 && cfg.ReceiveScale <= maxScale) { // nor NaN
		return fmt.Errorf("stomp: Config.ReceiveScale is %v, not within 1, below which a healthy broker counts as dead, and %v",
			cfg.ReceiveScale, float64(maxScale))
	}
	for _, f := range cfg.Headers {
		switch f.Name {
		case frame.HeaderReceipt: // "any client frame other than CONNECT" (STOMP 1.2, Header receipt)
			return errors.New("stomp: Config.Headers: CONNECT cannot ask for a receipt")
		case frame.HeaderAcceptVersion, frame.HeaderHost, frame.HeaderLogin, frame.HeaderPasscode, frame.HeaderHeartBeat:
			return fmt.Errorf("stomp: Config.Headers: %s has a field of its own", f.Name)
		}
	}
	return cfg.Link.Limits.Validate()
}
