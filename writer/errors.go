package writer

import (
	"errors"
	"fmt"

	"github.com/stompwire/stompwire/frame"
)

// ErrRefused matches (errors.Is) every error that says: this frame cannot be represented, and
// nothing of it was written. The stream can still be used.
var ErrRefused = errors.New("stomp: frame refused")

// The reasons for a refusal. A [HeaderError] or [FrameError] unwraps to one.
var (
	ErrNUL           = errors.New("holds a NUL")
	ErrLineBreak     = errors.New("holds a line break that cannot be escaped")
	ErrColonInName   = errors.New("has a colon in its name that cannot be escaped")
	ErrEmptyName     = errors.New("has an empty name")
	ErrBadUTF8       = errors.New("is not UTF-8")
	ErrMissing       = errors.New("is required and empty")
	ErrContentLength = errors.New("does not give the length of the body")

	ErrCommand        = errors.New("no such command in this version")
	ErrBodyNotAllowed = errors.New("a body is not allowed")
	ErrNULInBody      = errors.New("a body with NUL needs a content-length")
	ErrBodyLength     = errors.New("length of the body is negative")
)

// HeaderError says which header line cannot be represented and why. It does not contain the value,
// which may be a passcode.
type HeaderError struct {
	Command frame.Command // CmdNone if only a line was to be written
	Name    string        // unescaped; Error quotes it
	Index   int           // in the list of headers, -1 if the line is not from a list
	Reason  error         // one of the Err... variables of this package
}

func (e *HeaderError) Error() string {
	where := "header"
	if e.Command != frame.CmdNone {
		where = e.Command.String() + " header"
	}
	if e.Index >= 0 {
		return fmt.Sprintf("stomp: %s %.64q (number %d) %v", where, e.Name, e.Index, e.Reason)
	}
	return fmt.Sprintf("stomp: %s %.64q %v", where, e.Name, e.Reason)
}

// Unwrap returns the reason.
func (e *HeaderError) Unwrap() error { return e.Reason }

// Is matches ErrRefused.
func (e *HeaderError) Is(target error) bool { return target == ErrRefused }

// FrameError says why a frame cannot be represented for a reason other than one header line.
type FrameError struct {
	Command frame.Command
	Version frame.Version
	Reason  error // one of the Err... variables of this package
}

func (e *FrameError) Error() string {
	command := "frame without a known command"
	if name := e.Command.String(); name != "" {
		command = name + " frame"
	}
	return fmt.Sprintf("stomp: %s, version %v: %v", command, e.Version, e.Reason)
}

// Unwrap returns the reason.
func (e *FrameError) Unwrap() error { return e.Reason }

// Is matches ErrRefused.
func (e *FrameError) Is(target error) bool { return target == ErrRefused }
