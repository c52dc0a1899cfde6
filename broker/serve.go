package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

var errClosed = fmt.Errorf("broker: closed: %w", net.ErrClosed)

// Serve accepts connections from ln until the broker is closed; then it returns nil. Any other end
// is an error. It closes ln in the end.
func (b *Broker) Serve(ln net.Listener) error {
	if _, err := b.enlist(ln); err != nil {
		return err
	}
	return b.acceptFrom(ln)
}

func (b *Broker) acceptFrom(ln net.Listener) error {
	defer b.done.Done()
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			b.ServeConn(nc)
		case b.isClosed():
			return nil
		case isTemporary(err):
			b.cfg.Logger.Warn("accept", slog.Any("error", err))
			time.Sleep(acceptPause)
		default:
			b.delist(ln)
			return fmt.Errorf("broker: %w", err)
		}
	}
}

// acceptPause is how long Serve waits after an error that closing connections can cure, such as too
// many open files.
const acceptPause = 20 * time.Millisecond

func isTemporary(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && !errors.Is(err, net.ErrClosed)
}

func (b *Broker) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// ServeConn takes ownership of one connection, serves it, and returns at once. Kernel sockets are
// read by the event loops, any other net.Conn, such as one end of a net.Pipe, by a goroutine of its
// own.
func (b *Broker) ServeConn(nc net.Conn) {
	s := &session{b: b, number: b.accepted.Add(1), version: frame.Version10, maker: new(maker), pace: newPace(b.cfg.ConnectionRate)}
	s.metered = s.pace != nil || b.cfg.UserRate != (Rate{})
	s.l = link.New(nc, s, link.Options{
		Limits: b.cfg.limitsBeforeLogin(), WriteTimeout: b.cfg.WriteTimeout, AnswerHalfClosed: true,
	})
	s.l.SetVersion(s.version)
	s.l.SetBodyThreshold(b.cfg.Limits.Body)
	if !b.admit(s) {
		_ = nc.Close()
		return
	}
	s.l.SetDeadline(b.cfg.ConnectTimeout, errNotConnected)
	if err := b.drive(s.l); err != nil {
		s.l.Close(err)
		s.l.End(err)
	}
}

// drive starts reading the link: with a loop if that is possible.
func (b *Broker) drive(l *link.Link) error {
	if !isKernelSocket(l.NetConn()) {
		return pump.Driver{}.Start(l)
	}
	e, err := b.driver()
	if err != nil {
		return err
	}
	if err := e.Start(l); !errors.Is(err, engine.ErrUnsupportedConn) {
		return err
	}
	return pump.Driver{}.Start(l)
}

// isKernelSocket reports whether loops can read nc. A broker that serves only pipes starts no event
// loops.
func isKernelSocket(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}
