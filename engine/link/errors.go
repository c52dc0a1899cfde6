package link

import (
	"errors"
	"fmt"
	"net"
	"time"
)

var (
	// ErrWouldBlock: the outbox is above its high-water mark, and the caller asked not to wait or
	// must not wait.
	ErrWouldBlock = errors.New("stomp: the call would block")

	// ErrOutboxFull: the peer does not read, and frames that never wait have filled the outbox up
	// to its hard limit.
	ErrOutboxFull = errors.New("stomp: outbox has reached its hard limit, the peer does not read")

	// ErrPaused: [Link.Feed] stopped because the handler paused the link.
	ErrPaused = errors.New("stomp: link is paused")

	// ErrIdle: [Link.ReadLoop] has read nothing for the given time.
	ErrIdle = errors.New("stomp: link is idle")
)

// ClosedError is returned by the methods of a link that is closed or closing. It Is net.ErrClosed
// and unwraps to the cause.
type ClosedError struct {
	Cause error // why the link closed; nil if we closed it in good order
}

func (e *ClosedError) Error() string {
	if e.Cause == nil {
		return "stomp: connection closed"
	}
	return "stomp: connection closed: " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *ClosedError) Unwrap() error { return e.Cause }

// Is matches net.ErrClosed.
func (e *ClosedError) Is(target error) bool { return target == net.ErrClosed }

// NoHeartBeat is TimeoutError.What of a peer that was silent for too long.
const NoHeartBeat = "no heart-beat from the peer"

// TimeoutError says that the peer was silent, did not read, or did not finish a frame for longer
// than allowed. It is a net.Error.
type TimeoutError struct {
	What  string        // what did not happen
	After time.Duration // how long we waited
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("stomp: %s for %v", e.What, e.After) }

// Timeout returns true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary returns false: the link is closed.
func (e *TimeoutError) Temporary() bool { return false }
