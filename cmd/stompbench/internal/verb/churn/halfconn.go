package churn

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
	"github.com/stompwire/stompwire/writer"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// reach makes connection number n up to where STOMP begins, or to TCP only, and returns the CONNECT
// frame for it.
func reach(ctx context.Context, p *workload.Plan, n int, s Stage) (nc net.Conn, connect []byte, err error) {
	b := &p.Broker.At(n)[0]
	if connect, err = connectFrame(p, b); err == nil {
		nc, err = transport.Socket(ctx, p, n, b, s != AtTCP)
	}
	return nc, connect, err
}

// connectFrame returns the CONNECT that the client would send.
func connectFrame(p *workload.Plan, b *uri.Broker) ([]byte, error) {
	login, passcode, host := b.Connect()
	host = cmp.Or(host, p.Kind.Dialect().Host)
	beats := max(0, p.HeartBeat) // below 0 is none
	if p.HeartBeat == 0 {
		beats = 10 * time.Second // the client's default
	}
	h := []frame.Field{
		{Name: frame.HeaderAcceptVersion, Value: p.Versions.String()}, {Name: frame.HeaderHost, Value: host},
		{Name: frame.HeaderLogin, Value: login}, {Name: frame.HeaderPasscode, Value: passcode},
		{Name: frame.HeaderHeartBeat, Value: frame.HeartBeat{Send: beats, Receive: beats}.String()},
	}
	h = slices.DeleteFunc(h, func(f frame.Field) bool { return f.Value == "" })
	return writer.AppendFrameNoLength(nil, frame.Version12, frame.CmdConnect, h, nil)
}

// halfConn is a connection that is or becomes half-open.
type halfConn struct {
	net.Conn
	frames *parser.Reader
	most   int // bytes of a read
}

// Read reads no more than most.
func (nc *halfConn) Read(b []byte) (int, error) { return nc.Conn.Read(b[:min(len(b), nc.most)]) }

// openUpTo opens a connection up to a stage.
func (c *churning) openUpTo(ctx context.Context, s Stage) (*halfConn, error) {
	socket, connect, err := c.HalfOpen.Reach(ctx, s)
	if err != nil {
		return nil, err
	}
	nc := &halfConn{Conn: socket, most: 1}
	nc.frames = parser.NewReader(nc)
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	switch s {
	case AtTCP:
	case AtConnect:
		_, err = nc.Write(connect[:len(connect)/2])
	default:
		if err = nc.login(connect); err == nil && s == AtSubscribed {
			err = c.subscribeTo(nc)
		}
	}
	if err != nil {
		_ = nc.Close()
		if ctx.Err() != nil {
			err = ctx.Err() // the deadline was ours
		}
		return nil, err
	}
	nc.most = 4 << 10
	return nc, nil
}

// login sends CONNECT and reads CONNECTED, and not a byte after it: a stuck consumer must not take
// any message.
func (nc *halfConn) login(connect []byte) error {
	if _, err := nc.Write(connect); err != nil {
		return err
	}
	f, err := nc.frames.Next()
	switch {
	case err != nil:
		return err
	case f.Command == frame.CmdError:
		return &conn.ServerError{Message: f.Header.Text(frame.HeaderMessage)}
	case f.Command != frame.CmdConnected:
		return frame.ErrProtocol
	}
	return nil
}

// subscribeTo subscribes without waiting for an answer, which would not be read.
func (c *churning) subscribeTo(nc net.Conn) error {
	h := append([]frame.Field{
		{Name: frame.HeaderID, Value: "0"}, {Name: frame.HeaderDestination, Value: c.destination(0)}, {Name: frame.HeaderAck, Value: c.Ack.String()},
	}, c.SubscribeFields(c.Kind.Dialect())...)
	frame, err := writer.AppendFrameNoLength(nil, frame.Version11, frame.CmdSubscribe, h, nil)
	if err == nil {
		_, err = nc.Write(frame)
	}
	return err
}

// lastLook is how long reading may take to find the end of a connection behind unread data.
const lastLook = 200 * time.Millisecond

// hold holds the connection without sending, for so long or until ctx ends. It reports whether the
// other side ended it meanwhile, and how. It reads what arrives if reading is set.
func (nc *halfConn) hold(ctx context.Context, reading bool, d time.Duration) (ended bool, how string) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_ = nc.SetReadDeadline(time.Time{}) // if it has ended, so does reading
	if !reading && !gone(ctx, nc.Conn) {
		// Data that arrived may be followed by an end that could not be seen before. If not, this
		// returns at once.
		_ = nc.SetReadDeadline(time.Now().Add(lastLook))
		ended, how = nc.readToEnd()
		return ended, "at an unknown time, behind unread data: " + how
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	return nc.readToEnd()
}

// gone waits until the other side has ended a connection that is not read. It returns false if ctx
// ends first.
func gone(ctx context.Context, nc net.Conn) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !hungUp(nc) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// readToEnd reads until the end, or the read deadline. If the last frame is an ERROR, that is how the
// connection ended.
func (nc *halfConn) readToEnd() (ended bool, how string) {
	said := ""
	f, err := nc.frames.Next()
	for ; err == nil; f, err = nc.frames.Next() {
		said = ""
		if f.Command == frame.CmdError {
			said = reason(&conn.ServerError{Message: f.Header.Text(frame.HeaderMessage)})
		}
	}
	if errors.Is(err, frame.ErrProtocol) { // it goes on without STOMP
		_, err = io.Copy(io.Discard, nc)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, ""
	case said != "":
		return true, said
	case errors.Is(err, syscall.ECONNRESET):
		return true, "connection reset"
	}
	return true, "closed"
}
