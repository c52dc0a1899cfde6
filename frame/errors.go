package frame

import (
	"errors"
	"fmt"
)

// ErrProtocol matches (errors.Is) every error of this file: the peer's bytes are not a STOMP frame
// that we accept. Such an error ends the connection.
var ErrProtocol = errors.New("stomp: protocol error")

// The rules that a stream can break. A [SyntaxError] or [LimitError] unwraps to
// one of them.
var (
	ErrBadCommand       = errors.New("unknown command")
	ErrNoColon          = errors.New("header line without colon")
	ErrEmptyName        = errors.New("empty header name")
	ErrBadEscape        = errors.New("undefined escape")
	ErrBadUTF8          = errors.New("header is not UTF-8")
	ErrStrayCR          = errors.New("carriage return that is not part of a line end")
	ErrNULInHeader      = errors.New("NUL before the end of the header")
	ErrBadContentLength = errors.New("content-length is not a decimal number")
	ErrNoNUL            = errors.New("no NUL after the body that content-length counts")
	ErrBodyNotAllowed   = errors.New("body on a frame that has none")
	ErrBadHeartBeat     = errors.New("malformed heart-beat header")

	ErrCommandTooLong     = errors.New("command line")
	ErrHeaderLineTooLong  = errors.New("header line")
	ErrTooManyHeaders     = errors.New("number of header lines")
	ErrHeaderBlockTooLong = errors.New("header block")
	ErrBodyTooLong        = errors.New("body")
)

// SyntaxError says that the bytes at Offset break a rule of the protocol. It never quotes the
// bytes, because they may be a passcode.
type SyntaxError struct {
	Rule    error   // one of the Err... variables of this package
	Command Command // of the frame, CmdNone if it is not known yet
	Offset  int64   // in the stream, from 0, of the first octet that is wrong
}

func (e *SyntaxError) Error() string {
	if e.Command == CmdNone {
		return fmt.Sprintf("stomp: %v at offset %d", e.Rule, e.Offset)
	}
	return fmt.Sprintf("stomp: %v in %v frame at offset %d", e.Rule, e.Command, e.Offset)
}

// Unwrap returns the rule.
func (e *SyntaxError) Unwrap() error { return e.Rule }

// Is matches ErrProtocol.
func (e *SyntaxError) Is(target error) bool { return target == ErrProtocol }

// LimitError says that a frame exceeds a limit. It is returned at the first octet beyond the limit,
// before memory is reserved for what follows.
type LimitError struct {
	What    error   // one of the Err...TooLong, ErrTooManyHeaders variables
	Max     int64   // the limit: bytes, or lines for ErrTooManyHeaders
	Command Command // of the frame, CmdNone if it is not known yet
	Offset  int64   // in the stream, from 0
}

func (e *LimitError) Error() string {
	unit := " bytes"
	if e.What == ErrTooManyHeaders {
		unit = ""
	}
	return fmt.Sprintf("stomp: %v exceeds %d%s at offset %d", e.What, e.Max, unit, e.Offset)
}

// Unwrap returns what was exceeded.
func (e *LimitError) Unwrap() error { return e.What }

// Is matches ErrProtocol.
func (e *LimitError) Is(target error) bool { return target == ErrProtocol }

// EscapeError says that a header name or value has an escape that its version
// does not define.
type EscapeError struct {
	Offset int  // of the backslash, in the escaped text
	Letter byte // what follows it; 0 if nothing does
}

func (e *EscapeError) Error() string {
	return fmt.Sprintf("stomp: undefined escape at offset %d", e.Offset)
}

// Unwrap returns ErrBadEscape.
func (e *EscapeError) Unwrap() error { return ErrBadEscape }

// Is matches ErrProtocol.
func (e *EscapeError) Is(target error) bool { return target == ErrProtocol }
