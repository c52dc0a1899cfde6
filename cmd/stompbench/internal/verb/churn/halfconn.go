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
)

// halfConn is a connection that is or becomes half-open.
type halfConn struct {
	net.Conn
	frames *parser.Reader
}

// past is a deadline that ends reading and writing at once.
var past = time.Unix(1, 0)

// openUpTo opens half-open connection k up to a stage. It does not wait for an answer to SUBSCRIBE, which
// would not be read: a stuck consumer must not take any message.
func (c *churning) openUpTo(ctx context.Context, s Stage, k int) (*halfConn, error) {
	socket, err := transport.Socket(ctx, c.Plan, k, &c.Broker.At(k)[0], s != AtTCP)
	nc := &halfConn{socket, parser.NewReader(socket)}
	if err != nil || s == AtTCP {
		return nc, err
	}
	defer context.AfterFunc(ctx, func() { _ = nc.SetDeadline(past) })()
	connect, err := c.connectFrame(k)
	if s == AtConnect {
		connect = connect[:len(connect)/2]
	}
	if err == nil {
		_, err = nc.Write(connect)
	}
	if err == nil && s != AtConnect {
		err = nc.awaitConnected()
	}
	if err == nil && s == AtSubscribed {
		err = c.subscribeTo(nc)
	}
	if err != nil {
		_ = nc.Close()
		return nil, cmp.Or(ctx.Err(), err) // the deadline was ours
	}
	return nc, nil
}

func (nc *halfConn) awaitConnected() error {
	f, err := nc.frames.Next()
	switch {
	case err != nil:
		return err
	case f.Command == frame.CmdError:
		return refusal(f)
	case f.Command != frame.CmdConnected:
		return frame.ErrProtocol
	}
	return nil
}

func (c *churning) subscribeTo(nc net.Conn) error {
	h := append([]frame.Field{
		{Name: frame.HeaderID, Value: "0"}, {Name: frame.HeaderDestination, Value: c.destination(0)}, {Name: frame.HeaderAck, Value: c.Ack.String()},
	}, c.SubscribeFields(c.Kind.Dialect())...)
	subscribe, err := writer.AppendFrameNoLength(nil, frame.Version11, frame.CmdSubscribe, h, nil)
	if err == nil {
		_, err = nc.Write(subscribe)
	}
	return err
}

// connectFrame returns the CONNECT that the client would send.
func (c *churning) connectFrame(k int) ([]byte, error) {
	login, passcode, host := c.Broker.At(k)[0].Connect()
	beats := max(0, c.HeartBeat) // below 0 is none
	if c.HeartBeat == 0 {
		beats = 10 * time.Second // the client's default
	}
	h := []frame.Field{
		{Name: frame.HeaderAcceptVersion, Value: c.Versions.String()}, {Name: frame.HeaderHost, Value: cmp.Or(host, c.Kind.Dialect().Host)},
		{Name: frame.HeaderLogin, Value: login}, {Name: frame.HeaderPasscode, Value: passcode},
		{Name: frame.HeaderHeartBeat, Value: frame.HeartBeat{Send: beats, Receive: beats}.String()},
	}
	h = slices.DeleteFunc(h, func(f frame.Field) bool { return f.Value == "" })
	return writer.AppendFrameNoLength(nil, frame.Version12, frame.CmdConnect, h, nil)
}

func refusal(f *frame.Frame) error {
	return &conn.ServerError{Message: f.Header.Text(frame.HeaderMessage)}
}

// lastLook is how long reading may take to find the end of a connection behind unread data.
const lastLook = 200 * time.Millisecond

// hold holds the connection without sending, for so long or until ctx ends. It returns how the other
// side ended it meanwhile, "" if it did not. It reads what arrives if reading is set.
func (nc *halfConn) hold(ctx context.Context, reading bool, d time.Duration) (how string) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_ = nc.SetReadDeadline(time.Time{}) // if it has ended, so does reading
	defer context.AfterFunc(ctx, func() { _ = nc.SetReadDeadline(past) })()
	if reading || awaitEnd(ctx, nc.Conn) {
		return nc.readToEnd()
	}
	// Data that arrived may be followed by an end that could not be seen before. If not, this returns
	// at once.
	_ = nc.SetReadDeadline(time.Now().Add(lastLook))
	if how = nc.readToEnd(); how != "" {
		how = "at an unknown time, behind unread data: " + how
	}
	return how
}

// readToEnd reads until the end, and returns how the connection ended, or until the read deadline, and
// returns "". If the last frame is an ERROR, that is how it ended.
func (nc *halfConn) readToEnd() (how string) {
	how = "closed"
	f, err := nc.frames.Next()
	for ; err == nil; f, err = nc.frames.Next() {
		how = "closed"
		if f.Command == frame.CmdError {
			how = reason(refusal(f))
		}
	}
	if errors.Is(err, frame.ErrProtocol) { // it goes on without STOMP
		_, err = io.Copy(io.Discard, nc)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ""
	case how == "closed" && errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	}
	return how
}
