package churn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// reach makes connection number n up to where STOMP begins, or to TCP only, and returns the CONNECT
// frame for it.
func reach(ctx context.Context, p *workload.Plan, n int, s Stage) (nc net.Conn, connect []byte, err error) {
	b := &p.Broker.At(n)[0]
	if s == AtTCP {
		nc, err = transport.TCP(ctx, p, n, b)
		return nc, nil, err
	}
	if connect, err = connectFrame(p, b); err == nil {
		nc, err = transport.Socket(ctx, p, n, b)
	}
	return nc, connect, err
}

// openUpTo opens a connection up to a stage.
func (c *churning) openUpTo(ctx context.Context, s Stage) (nc net.Conn, err error) {
	nc, connect, err := c.half.Reach(ctx, s)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	switch s {
	case AtTCP:
	case AtConnect:
		_, err = nc.Write(connect[:len(connect)/2])
	default:
		if err = login(nc, connect); err == nil && s == AtSubscribed {
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
	return nc, nil
}

// connectFrame returns the CONNECT that the client would send.
func connectFrame(p *workload.Plan, b *uri.Broker) ([]byte, error) {
	host := b.VHost
	if host == "" {
		host = p.Kind.Dialect().Host
	}
	h := []frame.Field{{Name: frame.HeaderAcceptVersion, Value: p.Versions.String()}, {Name: frame.HeaderHost, Value: host}}
	if b.Login != "" {
		h = append(h, frame.Field{Name: frame.HeaderLogin, Value: b.Login})
	}
	if b.Passcode != "" {
		h = append(h, frame.Field{Name: frame.HeaderPasscode, Value: b.Passcode})
	}
	beats := max(0, p.HeartBeat) // below 0 is none
	if p.HeartBeat == 0 {
		beats = 10 * time.Second // the client's default
	}
	h = append(h, frame.Field{Name: frame.HeaderHeartBeat, Value: frame.HeartBeat{Send: beats, Receive: beats}.String()})
	return writer.AppendFrameNoLength(nil, frame.Version12, frame.CmdConnect, h, nil)
}

// maxConnected bounds CONNECTED, and the part of an ERROR that is reported, in bytes.
const maxConnected = 16 << 10

// login sends CONNECT and reads CONNECTED, and not a byte after it: a stuck consumer must not take
// any message.
func login(nc net.Conn, connect []byte) error {
	if _, err := nc.Write(connect); err != nil {
		return err
	}
	var answer []byte
	for b := make([]byte, 1); ; {
		if _, err := nc.Read(b); err != nil {
			return err
		}
		if b[0] == 0 {
			break
		}
		if answer = append(answer, b[0]); len(answer) > maxConnected {
			return fmt.Errorf("no CONNECTED in %d bytes: %w", maxConnected, frame.ErrProtocol)
		}
	}
	answer = bytes.TrimLeft(answer, "\r\n")
	if commandOf(answer) != "CONNECTED" {
		return errors.New(refusal(answer))
	}
	return nil
}

// subscribeTo subscribes without waiting for an answer, which would not be read.
func (c *churning) subscribeTo(nc net.Conn) error {
	h := []frame.Field{
		{Name: frame.HeaderID, Value: "0"}, {Name: frame.HeaderDestination, Value: c.destination(0)},
		{Name: frame.HeaderAck, Value: c.Ack.String()},
	}
	h = append(h, c.SubscribeFields(c.Kind.Dialect())...)
	subscribe, err := writer.AppendFrameNoLength(nil, frame.Version11, frame.CmdSubscribe, h, nil)
	if err == nil {
		_, err = nc.Write(subscribe)
	}
	return err
}

func commandOf(answer []byte) string {
	command, _, _ := bytes.Cut(answer, []byte("\n"))
	return string(bytes.TrimRight(command, "\r"))
}

// unescaped undoes the escapes of STOMP 1.1 and 1.2, for display.
var unescaped = strings.NewReplacer(`\\`, `\`, `\c`, ":", `\n`, " ", `\r`, "")

// refusal returns the text of an ERROR, in the form that reason gives the client's errors.
func refusal(answer []byte) string {
	if commandOf(answer) != "ERROR" {
		return "what answers there does not speak STOMP"
	}
	for line := range bytes.SplitSeq(answer, []byte("\n")) {
		if message, ok := bytes.CutPrefix(line, []byte("message:")); ok {
			return fmt.Sprintf("the broker says: %.200s", unescaped.Replace(string(bytes.TrimRight(message, "\r"))))
		}
	}
	return "the broker says ERROR"
}
