package broker

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/stompwire/stompwire/engine/link"
)

// unixScheme is the prefix of the address, and of the URI, of a Unix socket.
const unixScheme = "unix:"

// Listen listens on addr, such as "127.0.0.1:0" for a port chosen by the system, or
// "unix:/run/stomp" for a Unix socket, and serves until the broker is closed. It returns where to
// connect, such as "stomp://127.0.0.1:61613" or "unix:/run/stomp". A broker may listen in any
// number of places.
func (b *Broker) Listen(addr string) (uri string, err error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, unixScheme); ok {
		network, addr = "unix", path
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		return "", fmt.Errorf("broker: %w", err)
	}
	return b.ListenOn(ln)
}

// ListenTLS is Listen with TLS; the URI is like "stomps://127.0.0.1:61614". cfg must have a
// certificate. It also says whether clients need one.
func (b *Broker) ListenTLS(addr string, cfg *tls.Config) (uri string, err error) {
	if cfg == nil || len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil {
		return "", errors.New("broker: TLS needs a certificate")
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("broker: %w", err)
	}
	secure := tls.NewListener(link.ProgressListener(ln), cfg) // so that write progress is measured below TLS
	return b.ListenOn(located{secure, "stomps://" + ln.Addr().String()})
}

// ListenOn serves ln until the broker is closed, and then closes ln. It returns where to connect:
// the result of ln's method URI() string if it has one, else a URI made from its address.
// [Broker.Serve] does the same and waits.
func (b *Broker) ListenOn(ln net.Listener) (uri string, err error) {
	if uri, err = b.enlist(ln); err != nil {
		return "", err
	}
	go func() {
		if err := b.acceptFrom(ln); err != nil {
			b.cfg.Logger.Error("listener ended", slog.String("uri", uri), slog.Any("error", err))
		}
	}()
	return uri, nil
}

// Addr returns the address of the first listener, nil if there never was one.
func (b *Broker) Addr() net.Addr {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.addr
}

// URI returns where to connect to the first listener, such as
// "stomp://127.0.0.1:61613", and "" for a broker that never had one.
func (b *Broker) URI() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.uri
}

// located is a listener that knows its URI.
type located struct {
	net.Listener
	uri string
}

func (ln located) URI() string { return ln.uri }

func uriOf(ln net.Listener) string {
	if ln, ok := ln.(interface{ URI() string }); ok {
		return ln.URI()
	}
	if ln.Addr().Network() == "unix" {
		return unixScheme + ln.Addr().String()
	}
	return "stomp://" + ln.Addr().String()
}

// enlist registers ln, so that Close closes it. If the broker is closed already, it closes ln
// itself.
func (b *Broker) enlist(ln net.Listener) (uri string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		_ = ln.Close()
		return "", errClosed
	}
	b.listeners = append(b.listeners, ln)
	uri = uriOf(ln)
	if b.addr == nil {
		b.addr, b.uri = ln.Addr(), uri
	}
	b.done.Add(1)
	return uri, nil
}

// delist closes a listener that has failed.
func (b *Broker) delist(ln net.Listener) {
	b.mu.Lock()
	b.listeners = slices.DeleteFunc(b.listeners, func(other net.Listener) bool { return other == ln })
	b.mu.Unlock()
	_ = ln.Close()
}
