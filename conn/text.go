package conn

import (
	"bytes"
	"context"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// SendText is [Conn.Send] without a content-length header. ActiveMQ and Artemis
// make a text message of it, and a bytes message of anything that has the header.
// A body with NUL is refused with a *writer.FrameError, for its first NUL would end
// the frame. The content type is the caller's, in h. It does not allocate for up to
// seven headers.
func (c *Conn) SendText(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if err := checkOwnReceipt(frame.CmdSend, h); err != nil {
		return err
	}
	buf, err := c.reserve(ctx, sendSize(destination, body, h))
	if err != nil {
		return err
	}
	var room [8]frame.Field
	out, err := c.appendText(buf, room[:0], destination, h, body)
	return c.commit(buf, out, err)
}

// SendTextReceipt is [Conn.SendReceipt] without a content-length header, as
// [Conn.SendText] is.
func (c *Conn) SendTextReceipt(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	return c.request(ctx, sendSize(destination, body, h), func(dst []byte, receipt frame.Field) ([]byte, error) {
		return c.appendText(dst, nil, destination, with(h, receipt), body)
	})
}

// appendText appends the frame to dst, with its headers in room if they fit.
func (c *Conn) appendText(dst []byte, room []frame.Field, destination string, h []frame.Field, body []byte) ([]byte, error) {
	if destination == "" { // "REQUIRES a header destination" (STOMP 1.2, SEND)
		return dst, &writer.HeaderError{
			Command: frame.CmdSend, Name: frame.HeaderDestination, Index: -1, Reason: writer.ErrMissing,
		}
	}
	fields := append(append(room, frame.Field{Name: frame.HeaderDestination, Value: destination}), h...)
	return writer.AppendFrameNoLength(dst, c.version, frame.CmdSend, fields, body)
}

// appendBody appends the body of a producer's message and what says where it ends.
func (p *Producer) appendBody(dst, body []byte) ([]byte, error) {
	return appendBody(dst, p.c.version, p.text, body)
}

func appendBody(dst []byte, v frame.Version, text bool, body []byte) ([]byte, error) {
	if text {
		if bytes.IndexByte(body, 0) >= 0 {
			return nil, &writer.FrameError{Command: frame.CmdSend, Version: v, Reason: writer.ErrNULInBody}
		}
		return writer.AppendBody(dst, body), nil
	}
	if len(body) > 0 {
		dst = writer.AppendContentLength(dst, len(body))
	}
	return writer.AppendBody(dst, body), nil
}
