package broker

import (
	"errors"
	"fmt"

	"github.com/stompwire/stompwire/frame"
)

// The session is a link.BodyHandler, so the link hands on a body longer than Limits.Body in parts.
// The only purpose is to read the whole header first, so that the ERROR can name the receipt
// wherever that stands. The session accepts no part.

// OnBodyStart implements link.BodyHandler.
func (s *session) OnBodyStart(f *frame.Frame, length int64) error {
	if s.state == stateOver {
		return nil
	}
	has := "more"
	if length >= 0 {
		has = fmt.Sprint(length)
	}
	s.refuse(f, malformed, fmt.Sprintf("stomp: body exceeds %d bytes: that of the %v frame has %s", s.maxBody(), f.Command, has))
	return nil
}

// maxBody is the present limit of a body, in bytes.
func (s *session) maxBody() int {
	if s.state == stateNew {
		return s.b.cfg.limitsBeforeLogin().Body
	}
	return s.b.cfg.Limits.Body
}

// ownLimit returns err with our limit of a body, if err says that a body is too long even to be
// handed on in parts.
func (s *session) ownLimit(err error) error {
	var limit *frame.LimitError
	if !errors.As(err, &limit) || limit.What != frame.ErrBodyTooLong {
		return err
	}
	own := *limit
	own.Max = int64(s.maxBody())
	return &own
}

// OnBodyChunk implements link.BodyHandler.
func (s *session) OnBodyChunk([]byte) error { return nil }

// OnBodyEnd implements link.BodyHandler.
func (s *session) OnBodyEnd() error { return nil }
