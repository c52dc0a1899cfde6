package ws

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"time"

	"github.com/stompwire/stompwire/internal/wsconn"
)

// MessageType is which messages carry what is sent. Both kinds are received.
type MessageType uint8

const (
	// Auto sends text where it is valid UTF-8 and binary elsewhere.
	Auto = MessageType(wsconn.Auto)
	// Text is for clients that ignore binary messages. Browsers close the
	// connection over a body that is not UTF-8.
	Text = MessageType(wsconn.Text)
	// Binary is for clients that ignore text messages.
	Binary = MessageType(wsconn.Binary)
)

// Options of a listener or handler. The zero value is ready.
type Options struct {
	// Path is where a listener has its WebSockets; default "/ws". A [Handler] leaves
	// that to the server that it is mounted in.
	Path string
	// TLS makes a listener one of wss. It must have a certificate.
	TLS *tls.Config

	// Origins are the pages that may connect: hosts, or scheme://host, in which *
	// stands for any text, such as "https://*.example.com" or "localhost:*". Those of
	// the request's own host may in any case if that is an address or localhost, or
	// over TLS of ours. Any other name has to be here, also that of the server itself:
	// without a certificate anybody can have a name that leads to it.
	Origins []string
	origins origins // the same in lower case

	// Messages is which messages carry what is sent; default Auto.
	Messages MessageType
	// MaxMessage bounds a received message, in bytes; default 17 MiB, which is a
	// frame of the default limits. Memory is taken for frames and not for messages,
	// so this bounds what a client may call one message, not what it costs.
	MaxMessage int64
	// PingInterval is how often to send a ping, for proxies that close quiet
	// connections; 0 for never, since STOMP has heart-beats. Pings of the client are
	// answered.
	PingInterval time.Duration

	// RequestTimeout is how long a peer of a listener may take to ask for a WebSocket,
	// TLS included; default 10s.
	RequestTimeout time.Duration
	// MaxPending is how many connections of a listener may not have asked for a
	// WebSocket yet; default 1024. Others are closed at once.
	MaxPending int
	// MaxPendingPerIP bounds those from one address, an IPv6 network of 64 bits
	// counting as one; default half of MaxPending, so that none takes them all.
	MaxPendingPerIP int
	// Logger hears, at debug level, of requests that were refused. nil for nobody.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Path == "" {
		o.Path = "/ws"
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = 17 << 20
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = 10 * time.Second
	}
	if o.MaxPending == 0 {
		o.MaxPending = 1024
	}
	if o.MaxPendingPerIP == 0 {
		o.MaxPendingPerIP = max(o.MaxPending/2, 1)
	}
	for _, pattern := range o.Origins {
		o.origins = append(o.origins, strings.ToLower(pattern))
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	for _, pattern := range o.Origins {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return fmt.Errorf("ws: origin %q is not a pattern", pattern)
		}
	}
	switch {
	case o.Path != "" && !strings.HasPrefix(o.Path, "/"):
		return fmt.Errorf("ws: path %q does not begin with a slash", o.Path)
	case o.MaxMessage < 0, o.MaxPending < 0, o.MaxPendingPerIP < 0, o.PingInterval < 0, o.RequestTimeout < 0:
		return errors.New("ws: a limit of the options is negative")
	case o.Messages > Binary:
		return errors.New("ws: unknown kind of messages")
	}
	return nil
}
