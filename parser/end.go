package parser

import (
	"fmt"
	"io"

	"github.com/stompwire/stompwire/frame"
)

// EndError says that a stream ended inside a frame. It Is io.ErrUnexpectedEOF. It is not a protocol
// error, because connections break.
type EndError struct {
	Command frame.Command // of the frame, CmdNone if it is not known yet
	Offset  int64         // in the stream, from 0, where it ended
}

func (e *EndError) Error() string {
	if e.Command == frame.CmdNone {
		return fmt.Sprintf("stomp: stream ended inside a frame at offset %d", e.Offset)
	}
	return fmt.Sprintf("stomp: stream ended inside a %v frame at offset %d", e.Command, e.Offset)
}

// Unwrap returns io.ErrUnexpectedEOF.
func (e *EndError) Unwrap() error { return io.ErrUnexpectedEOF }

// endError returns the error of a stream that ends with rest bytes that are not consumed.
func (p *Parser) endError(rest int) error {
	e := &EndError{Offset: p.offset + int64(rest)}
	if p.phase != between {
		e.Command = p.command
	}
	return e
}
