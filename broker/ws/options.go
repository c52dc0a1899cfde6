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

// MessageType is the kind of WebSocket message that carries outgoing frames. Both kinds are
// accepted.
type MessageType uint8

const (
	// Auto sends a text message if it is valid UTF-8, and else a binary message.
	Auto = MessageType(wsconn.Auto)
	// Text is for clients that ignore binary messages. Browsers close the
	// connection over a body that is not UTF-8.
	Text = MessageType(wsconn.Text)
	// Binary is for clients that ignore text messages.
	Binary = MessageType(wsconn.Binary)
)

// Options of a listener or handler. The zero value is ready.
type Options struct {
	// Path is where a listener serves WebSockets; default "/ws". A [Handler] ignores it: the server
	// that it is mounted in decides.
	Path string
	// TLS makes a listener serve wss. It must have a certificate.
	TLS *tls.Config

	// Origins are the pages that may connect: hosts, or scheme://host, in which * stands for any
	// text, such as "https://*.example.com" or "localhost:*". Pages of the request's own host may
	// always connect if that host is an IP address or localhost, or if we serve TLS. Any other name
	// has to be listed, even that of the server itself: without a certificate anyone can make a
	// name that resolves to it.
	Origins []string
	origins origins // Origins in lower case

	// Messages is the kind of outgoing message; default Auto.
	Messages MessageType
	// MaxMessage bounds a received message, in bytes; default 17 MiB, which is a frame of the
	// default limits. It bounds the size of a message and not memory: memory is reserved for frames
	// only.
	MaxMessage int64
	// PingInterval is the time between pings, for proxies that close quiet connections; 0 sends
	// none, since STOMP has heart-beats. Pings of the client are answered.
	PingInterval time.Duration

	// RequestTimeout is how long a peer of a listener may take to ask for a WebSocket,
	// TLS included; default 10s.
	RequestTimeout time.Duration
	// MaxPending is how many connections of a listener may not have asked for a
	// WebSocket yet; default 1024. Others are closed at once.
	MaxPending int
	// MaxPendingPerIP bounds such connections from one IP address; an IPv6 /64 network counts as
	// one address. Default half of MaxPending, so that no address can use them up.
	MaxPendingPerIP int
	// Logger logs refused requests at debug level. nil logs nothing.
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
