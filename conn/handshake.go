package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/stompwire/stompwire/conn/internal/dial"
	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// dial connects to one address and sends CONNECT. It runs on a goroutine of its own; ctx ends with
// the attempt.
func (w *wire) dial(ctx context.Context) {
	if err := w.connect(ctx); err != nil {
		w.cancel(err)
		w.lost(w.c.unreached(w, withCause(ctx, err)))
	}
}

func (w *wire) connect(ctx context.Context) error {
	c := w.c
	target := &c.targets[w.conn.Address]
	login, passcode := c.cfg.Login, c.cfg.Passcode
	if c.cfg.Credentials != nil {
		var err error
		if login, passcode, err = c.credentials(ctx); err != nil {
			return err
		}
	}
	var cr session.Credentials
	cr.Login, cr.Passcode, cr.VHost = target.Overrides(login, passcode, c.cfg.Host)
	w.passcode = cr.Passcode
	cmd, fields := c.core.ConnectFrame(w.slot.core, cr)
	connect, err := writer.AppendFrame(nil, 0, cmd, fields, nil)
	if err != nil {
		return err
	}
	nc, err := c.reachSafely(ctx, target.Address)
	if err != nil {
		return err
	}
	l := link.New(nc, (*wireHandler)(w), c.cfg.Link)
	l.SetBodyThreshold(c.bodyThreshold())
	w.publish(ctx, l)
	if c.cfg.Trace != nil {
		w.trace(&Event{Kind: EventConnecting})
		w.traceSend(connect)
	}
	if buf, err := l.ReserveNow(len(connect)); err == nil {
		l.Commit(append(buf, connect...))
	}
	if err := c.cfg.start(l); err != nil {
		l.Close(err)
		l.End(err) // no driver was started that would
	}
	return nil
}

// publish makes the link known to stop. If stop was called before, publish closes the link.
func (w *wire) publish(ctx context.Context, l *link.Link) {
	w.c.mu.Lock()
	w.l = l
	w.c.mu.Unlock()
	if ctx.Err() != nil {
		l.Close(context.Cause(ctx))
	}
}

// stop ends the connection, or the attempt to make one.
func (w *wire) stop(cause error) {
	w.stopDial(cause)
	w.c.mu.Lock()
	l := w.l
	w.c.mu.Unlock()
	if l != nil {
		l.Close(cause)
	}
}

// credentials calls Config.Credentials, and survives a panic there.
func (c *Client) credentials(ctx context.Context) (login, passcode string, err error) {
	err = errPanicked
	c.guard(nil, func() { login, passcode, err = c.cfg.Credentials(ctx) })
	if err != nil {
		err = fmt.Errorf("stomp: no credentials: %w", err)
	}
	return login, passcode, err
}

// reachSafely makes a connection, and survives a panic in the user's functions.
func (c *Client) reachSafely(ctx context.Context, addr dial.Address) (nc net.Conn, err error) {
	err = errPanicked
	c.guard(nil, func() { nc, err = c.reach.Reach(ctx, addr, c.cfg.Versions) })
	return nc, err
}

var errPanicked = errors.New("the function panicked")

// handshake handles the first frame from the broker. The version that it names holds from the next
// byte on.
func (w *wire) handshake(f *frame.Frame) error {
	c := w.c
	switch f.Command {
	case frame.CmdConnected:
	case frame.CmdError:
		err := newServerError(f, w.passcode)
		c.mu.Lock()
		c.core.ServerError(w.conn, err, c.clock.now())
		c.unlock()
		if c.cfg.Trace != nil {
			w.trace(&Event{Kind: EventReceived, Frame: f, Err: err})
		}
		return err
	default:
		return &unexpectedFrame{f.Command}
	}
	h := session.Hello{
		Version:   mask(f.Header.Text(frame.HeaderVersion), w.passcode),
		HeartBeat: mask(f.Header.Text(frame.HeaderHeartBeat), w.passcode),
		Server:    f.Header.Text(frame.HeaderServer),
	}
	// The agreed settings have to be in force before the core lets calls use the connection.
	c.mu.Lock()
	agreed, err := c.core.Agree(h)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	w.agreed(f, &agreed)
	if c.cfg.Trace != nil {
		w.trace(&Event{Kind: EventReceived, Frame: f})
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.core.Connected(w.conn, agreed, c.clock.now()); err != nil {
		return err
	}
	w.connected.Store(true)
	return nil
}

// agreed applies what was negotiated, on the reading goroutine.
func (w *wire) agreed(f *frame.Frame, p *session.Protocol) {
	cfg := &w.c.cfg
	w.version, w.dialect = p.Version, p.Dialect
	w.session = Session{
		Name: w.slot.core.Name, Addr: w.addr, Version: p.Version,
		HeartBeat: p.HeartBeat, Headers: maskFields(f.Header.Fields(), w.passcode), Dialect: p.Dialect,
	}
	w.maxFrame = max(cfg.MaxFrameSize, 0)
	if cfg.MaxFrameSize == 0 {
		w.maxFrame = p.Dialect.MaxFrame
	}
	w.l.SetVersion(p.Version)
	w.l.SetTolerance(cfg.Link.Tolerate | p.Dialect.Tolerate)
	w.l.SetQuickAck(cfg.Link.QuickAck || p.Dialect.HoldsBack)
	w.l.SetHeartBeat(p.SendEvery, p.HearEvery)
}

// withCause returns err without "connection closed" around it, and adds the reason why ctx has
// ended.
func withCause(ctx context.Context, err error) error {
	err = cause(err)
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		err = cause
	}
	if err == io.EOF {
		return fmt.Errorf("broker closed the connection before CONNECTED: %w", err)
	}
	return err
}
