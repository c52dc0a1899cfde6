package conn

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/writer"
)

// Dial connects to the broker at address, "host:port", over TCP, and returns when
// the broker has sent CONNECTED. cfg may be nil. The error is a [*ConnectError],
// or says what is wrong with cfg before anything is dialled.
func Dial(ctx context.Context, address string, cfg *Config) (*Conn, error) {
	c, hello, err := newConn(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.connectContext(ctx)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, &ConnectError{Addr: address, Err: err}
	}
	return c.open(ctx, nc, address, hello)
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
	return c.open(ctx, nc, nc.RemoteAddr().String(), hello)
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
	return context.WithTimeoutCause(ctx, c.cfg.ConnectTimeout,
		fmt.Errorf("no CONNECTED within %v: %w", c.cfg.ConnectTimeout, context.DeadlineExceeded))
}

func (c *Conn) open(ctx context.Context, nc net.Conn, addr string, hello []byte) (*Conn, error) {
	opts := c.cfg.Link
	c.l = link.New(nc, (*sessionHandler)(c), opts)
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
		return closed.Cause
	}
	return err
}
