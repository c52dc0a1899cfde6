package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// DialFunc makes a connection, as [net.Dialer.DialContext] does. network is "tcp" or
// "unix". It must return soon after ctx has ended.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Options are how to connect to any address. The zero value and nil are ready to use.
type Options struct {
	// TransportTimeout bounds everything before STOMP: TCP, and the TLS and WebSocket
	// handshakes. 0 leaves that to the context.
	TransportTimeout time.Duration

	// LocalAddr is the source address of TCP connections, if it is valid. Port 0 is
	// any port.
	LocalAddr netip.AddrPort

	// KeepAlive sets the TCP keep-alive probes if its Enable is set. Otherwise package
	// net sends them every 15 s.
	KeepAlive net.KeepAliveConfig

	// NoKeepAlive turns the probes off.
	NoKeepAlive bool

	// TLS is for addresses with TLS. nil verifies the certificate with the roots of
	// the system. An empty ServerName becomes that of the address, and an empty
	// MinVersion TLS 1.2.
	TLS *tls.Config

	// DialFunc makes TCP and Unix connections, for proxies and tunnels. LocalAddr and the
	// keep-alive settings do not apply to it.
	DialFunc DialFunc

	// WebSocket is what ws and wss addresses need: ws.Client of package conn/ws.
	WebSocket WebSocketFunc

	// Under, if set, is called with the socket of an address that has TLS or WebSocket,
	// and returns what those layers run over. It is where the progress of writes is
	// observed below them.
	Under func(net.Conn) net.Conn
}

// Check returns [ErrNoWebSocket] if one of the targets needs a WebSocket function and
// there is none.
func (o *Options) Check(targets []Target) error {
	for i := range targets {
		if targets[i].Transport.usesWebSocket() && (o == nil || o.WebSocket == nil) {
			return ErrNoWebSocket
		}
	}
	return nil
}

// Reach connects to an address of a [Target], up to where STOMP starts. versions are
// what a WebSocket offers as subprotocols. The error wraps the cause of ctx, or says
// that TransportTimeout has passed, if that is why it failed.
func (o *Options) Reach(ctx context.Context, a Address, versions frame.Versions) (net.Conn, error) {
	if o == nil {
		o = &Options{}
	}
	if o.TransportTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.TransportTimeout,
			fmt.Errorf("no connection within %v: %w", o.TransportTimeout, context.DeadlineExceeded))
		defer cancel()
	}
	nc, err := o.reach(ctx, &a, versions)
	if err != nil {
		return nil, withCause(ctx, err)
	}
	return nc, nil
}

// reach adds one layer after the other. Each layer closes what it was given if it
// fails.
func (o *Options) reach(ctx context.Context, a *Address, versions frame.Versions) (net.Conn, error) {
	if a.Transport.usesWebSocket() && o.WebSocket == nil {
		return nil, ErrNoWebSocket
	}
	nc, err := o.dialSocket(ctx, a)
	if err != nil {
		return nil, err
	}
	if o.Under != nil && (a.Transport.usesTLS() || a.Transport.usesWebSocket()) {
		nc = o.Under(nc)
	}
	if a.Transport.usesTLS() {
		if nc, err = o.encrypt(ctx, nc, a); err != nil {
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
	}
	if a.Transport.usesWebSocket() {
		if nc, err = o.openWebSocket(ctx, nc, a, versions); err != nil {
			return nil, fmt.Errorf("WebSocket handshake: %w", err)
		}
	}
	return nc, nil
}

// errNoConn is for a function of the user that returns neither.
var errNoConn = errors.New("the function returned neither a connection nor an error")

func (o *Options) dialSocket(ctx context.Context, a *Address) (net.Conn, error) {
	dial := o.DialFunc
	if dial == nil {
		dial = o.netDialer(a).DialContext
	}
	network, address := "tcp", a.hostPort()
	if a.Transport == TransportUnix {
		network, address = "unix", a.Path
	}
	nc, err := dial(ctx, network, address)
	if err == nil && nc == nil {
		err = errNoConn
	}
	return nc, err
}

func (o *Options) netDialer(a *Address) *net.Dialer {
	nd := &net.Dialer{KeepAliveConfig: o.KeepAlive}
	if o.NoKeepAlive {
		nd.KeepAlive, nd.KeepAliveConfig = -1, net.KeepAliveConfig{}
	}
	if o.LocalAddr.IsValid() && a.Transport != TransportUnix {
		nd.LocalAddr = net.TCPAddrFromAddrPort(o.LocalAddr)
	}
	return nd
}

// withCause adds which time limit it was to an error of a layer that only knows that
// there was one.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w (%w)", cause, err)
}
