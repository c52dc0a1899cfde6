package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// Reach makes connection number n as the plan says. The client has only this connection: when it is
// lost the client has ended. Each broker is tried once, and the first that answers is taken; source
// addresses are used in turn. Hooks, driver and timeouts are those of cfg. The error is a
// [*ConnectError].
func Reach(ctx context.Context, p *workload.Plan, n int, brokers uri.Brokers, cfg conn.Config) (*conn.Client, error) {
	// A failed attempt is a result, not a reason to try again.
	cfg.OneConnection, cfg.NoReconnect, cfg.Attempts = true, true, 1
	c, err := New(ctx, p, n, brokers, cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		_ = c.Close()
		return nil, Why(err)
	}
	return c, nil
}

// New makes a client with connections as the plan says, in the world of ctx.
func New(ctx context.Context, p *workload.Plan, n int, brokers uri.Brokers, cfg conn.Config) (*conn.Client, error) {
	cfg.Broker, cfg.Versions, cfg.ConnectTimeout = p.Kind, p.Versions, p.ConnectTimeout
	cfg.HeartBeat = frame.HeartBeat{Send: p.HeartBeat, Receive: p.HeartBeat}
	cfg.Link.Limits, cfg.Link.CoalesceReads = workload.ExtraLimits(p.Extra.Count.Max(), p.Extra.Size.Max()), p.CoalesceReads
	cfg.TLS, cfg.WebSocket = p.TLS, ws.Client
	cfg.DialFunc = dialer(ctx, p, n)
	return conn.New(brokers.Dial(), &cfg)
}

// dialer dials in the world of ctx, from the source address of connection n.
func dialer(ctx context.Context, p *workload.Plan, n int) func(ctx context.Context, network, address string) (net.Conn, error) {
	if w := world.Of(ctx); w != nil {
		return w.Dial
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		if len(p.Sources) > 0 && network == "tcp" {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.Sources[n%len(p.Sources)], 0))
		}
		return d.DialContext(ctx, network, address)
	}
}

// Socket makes connection number n up to where STOMP begins, with TLS and WebSocket if b has them, or
// without any layers.
func Socket(ctx context.Context, p *workload.Plan, n int, b *uri.Broker, layers bool) (nc net.Conn, err error) {
	network, address := b.Socket()
	if nc, err = dialer(ctx, p, n)(ctx, network, address); err != nil || !layers {
		return nc, err
	}
	if b.TLS() {
		cfg := cmp.Or(p.TLS, &tls.Config{MinVersion: tls.VersionTLS12}).Clone()
		if cfg.ServerName == "" {
			host, _, _ := net.SplitHostPort(address)
			cfg.ServerName, _, _ = strings.Cut(host, "%") // certificates contain no zone
		}
		secure := tls.Client(nc, cfg)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = nc.Close()
			return nil, err
		}
		nc = secure
	}
	if b.WebSocket() {
		return ws.Client(ctx, nc, b.URL(), []string{"v12.stomp", "v11.stomp", "v10.stomp"})
	}
	return nc, nil
}

// Agreed returns what was agreed on for the connection of a client that has one; the zero value if it
// has ended.
func Agreed(c *conn.Client) (s conn.Session) {
	if all := c.Sessions(); len(all) > 0 {
		s = all[0]
	}
	return s
}

// ConnectError says that no broker accepted a connection.
type ConnectError struct {
	error
	first error
}

// Unwrap returns the error of the first broker, without its address.
func (e *ConnectError) Unwrap() error { return e.first }

// Why returns a [*ConnectError] for an error of a client's Connect. That error says that the client
// has ended, and lists the errors of all addresses; Why keeps those of the attempts.
func Why(err error) error {
	for last := err; ; {
		list, ok := errors.AsType[interface {
			error
			Unwrap() []error
		}](last)
		if !ok {
			return &ConnectError{err, last}
		}
		all := list.Unwrap()
		if all[0] == conn.ErrNotConnected {
			last = all[len(all)-1]
			continue
		}
		if cause := errors.Unwrap(all[0]); cause != nil { // the list is that of the attempts
			return &ConnectError{list, cause}
		}
		return &ConnectError{err, last}
	}
}

// Driver reads connections until it is closed.
type Driver interface {
	Start(l *link.Link) error
	Close() error
}

// Loops returns event loops that connections can share if their handlers do not block, as many as
// there are processors. In a world without descriptors each connection has a goroutine.
func Loops(ctx context.Context) (Driver, error) {
	if world.Of(ctx) != nil {
		return goroutines{}, nil
	}
	return engine.New(engine.Options{Loops: runtime.GOMAXPROCS(0)})
}

type goroutines struct{ pump.Driver }

func (goroutines) Close() error { return nil }
