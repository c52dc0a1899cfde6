package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/awake"
)

// DialFunc makes a connection, as [net.Dialer.DialContext] does. network is "tcp"
// or "unix".
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// WebSocketFunc opens a WebSocket over nc, which is connected already and, for a
// wss URL, encrypted; ws.Client of package conn/ws is one. url has no user and no
// password. It owns nc, and closes it if it fails.
type WebSocketFunc func(ctx context.Context, nc net.Conn, url string, subprotocols []string) (net.Conn, error)

// ErrNoWebSocket: a ws or wss address, and [Dialer].WebSocket is not set.
var ErrNoWebSocket = errors.New("stomp: ws and wss need Dialer.WebSocket, such as ws.Client of conn/ws")

// reach connects to an address, up to where STOMP begins.
func (d *Dialer) reach(ctx context.Context, a *Address, versions frame.Versions) (net.Conn, error) {
	if d.TransportTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = awake.WithTimeoutCause(ctx, d.TransportTimeout, noTransport(d.TransportTimeout))
		defer cancel()
	}
	nc, err := d.reachUnder(ctx, a, versions)
	if err != nil {
		return nil, withCause(ctx, err)
	}
	return nc, nil
}

func (d *Dialer) reachUnder(ctx context.Context, a *Address, versions frame.Versions) (net.Conn, error) {
	nc, err := d.dialSocket(ctx, a)
	if err != nil {
		return nil, err
	}
	if a.usesTLS() {
		if nc, err = d.encrypt(ctx, nc, a); err != nil {
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
	}
	if a.usesWebSocket() {
		url := a.Transport.String() + "://" + a.authority() + a.path()
		if nc, err = d.WebSocket(ctx, nc, url, subprotocols(versions)); err != nil {
			return nil, fmt.Errorf("WebSocket handshake: %w", err)
		}
	}
	return nc, nil
}

func (d *Dialer) dialSocket(ctx context.Context, a *Address) (net.Conn, error) {
	dial := d.DialFunc
	if dial == nil {
		dial = d.netDialer(a).DialContext
	}
	if a.Transport == TransportUnix {
		return dial(ctx, "unix", a.Path)
	}
	return dial(ctx, "tcp", a.hostPort())
}

func (d *Dialer) netDialer(a *Address) *net.Dialer {
	nd := &net.Dialer{KeepAliveConfig: d.KeepAlive}
	if d.NoKeepAlive {
		nd.KeepAlive, nd.KeepAliveConfig = -1, net.KeepAliveConfig{}
	}
	if d.LocalAddr.IsValid() && a.Transport != TransportUnix {
		nd.LocalAddr = net.TCPAddrFromAddrPort(d.LocalAddr)
	}
	return nd
}

// encrypt verifies the server unless the user's own configuration says otherwise.
func (d *Dialer) encrypt(ctx context.Context, nc net.Conn, a *Address) (net.Conn, error) {
	cfg := d.TLS.Clone()
	if cfg == nil {
		cfg = new(tls.Config)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = a.serverName()
	}
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	secure := tls.Client(nc, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}

// subprotocols returns the names of the offered versions, the highest first.
func subprotocols(versions frame.Versions) (names []string) {
	for v := frame.Version12; v >= frame.Version10; v-- {
		if versions.Has(v) {
			names = append(names, "v"+v.String()[:1]+v.String()[2:]+".stomp")
		}
	}
	return names
}
