package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/internal/awake"
	"github.com/stompwire/stompwire/writer"
)

// Dial connects to one broker and returns when it has sent CONNECTED. address is
// "host:port", which is dialled once over TCP, or a URI that [ParseURI] reads,
// except for WebSocket. A [Dialer] has all the settings. cfg may be nil. The error
// is a [*ConnectError], a [*DialError] if a URI was given, or says what is wrong
// with address or cfg before anything is dialled.
func Dial(ctx context.Context, address string, cfg *Config) (*Conn, error) {
	if isURI(address) {
		d, err := ParseURI(address)
		if err != nil {
			return nil, err
		}
		return d.Dial(ctx, cfg)
	}
	// Package net knows names of ports, and what is wrong with an address.
	d := Dialer{DialFunc: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	return d.dialOne(ctx, &Address{}, address, cfg)
}

// isURI tells a URI from "host:port".
func isURI(address string) bool {
	return strings.Contains(address, "://") || strings.HasPrefix(address, "unix:/") || strings.HasPrefix(address, "failover:(")
}

// Open starts a session over nc, which it owns from then on, and returns when the
// broker has sent CONNECTED. nc is any connection: TLS, WebSocket, one end of a
// net.Pipe. Errors are those of Dial.
func Open(ctx context.Context, nc net.Conn, cfg *Config) (*Conn, error) {
	c, hello, err := newConn(cfg)
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	ctx, cancel := c.connectContext(ctx)
	defer cancel()
	return c.open(ctx, nc, addrOf(nc), hello)
}

// addrOf names the peer. A socket that was reset has no address any more.
func addrOf(nc net.Conn) string {
	if addr := nc.RemoteAddr(); addr != nil {
		return addr.String()
	}
	return "unknown address"
}

// newConn also encodes the CONNECT frame: credentials that it cannot represent
// are refused before anybody is dialled.
func newConn(cfg *Config) (c *Conn, hello []byte, err error) {
	c = &Conn{cfg: cfg.withDefaults(), ready: make(chan struct{}), closed: make(chan struct{})}
	if err := c.cfg.validate(); err != nil {
		return nil, nil, err
	}
	c.ctx = handlerContext{c}
	cmd, fields := c.cfg.hello()
	if hello, err = writer.AppendFrame(nil, 0, cmd, fields, nil); err != nil {
		return nil, nil, err
	}
	return c, hello, nil
}

func (c *Conn) connectContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return awake.WithTimeoutCause(ctx, c.cfg.ConnectTimeout,
		fmt.Errorf("no CONNECTED within %v: %w", c.cfg.ConnectTimeout, context.DeadlineExceeded))
}

func (c *Conn) open(ctx context.Context, nc net.Conn, addr string, hello []byte) (*Conn, error) {
	opts := c.cfg.Link
	c.l = link.New(nc, (*sessionHandler)(c), opts)
	if set := c.cfg.Listeners.now(); set != nil {
		set.connecting(c, addr)
		set.sent(c, hello)
	}
	if buf, err := c.l.ReserveNow(len(hello)); err == nil {
		c.l.Commit(append(buf, hello...))
	}
	if err := c.cfg.start(c.l); err != nil {
		c.l.Close(err)
		return nil, &ConnectError{Addr: addr, Err: err}
	}
	select {
	case <-c.ready:
	case <-c.l.Done():
	case <-ctx.Done():
	}
	if !c.life.CompareAndSwap(lifeConnecting, lifeFailed) {
		return c, nil
	}
	c.l.Close(context.Cause(ctx))
	return nil, &ConnectError{Addr: addr, Err: connectCause(c.l.Err())}
}

// connectCause strips "connection closed" from what kept us from connecting.
func connectCause(err error) error {
	var closed *link.ClosedError
	if errors.As(err, &closed) && closed.Cause != nil {
		err = closed.Cause
	}
	if err == io.EOF {
		return fmt.Errorf("broker closed the connection before CONNECTED: %w", err)
	}
	return err
}
