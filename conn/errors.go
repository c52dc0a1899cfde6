package conn

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/stompwire/stompwire/conn/internal/dial"
	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/engine/link"
)

var (
	// ErrWouldBlock is returned in a handler by calls that would wait for the handler's own
	// connection, which is not read until the handler returns.
	ErrWouldBlock = link.ErrWouldBlock

	// ErrUnknownOutcome: the broker may or may not have processed the frame; sending it again may
	// duplicate it. An error that Is ErrUnknownOutcome also unwraps to the reason.
	ErrUnknownOutcome = session.ErrUnknownOutcome

	// ErrNotSent: no byte of the frame has left, so it is safe to send it again. An error that Is
	// ErrNotSent also unwraps to the reason.
	ErrNotSent = session.ErrNotSent

	// ErrNotConnected: there is no connection at the moment. An error that Is ErrNotConnected also
	// unwraps to why the call stopped waiting, and to the error of the last attempt.
	ErrNotConnected = session.ErrNotConnected

	// ErrAckMode: messages of a subscription in ack mode auto cannot be acknowledged, and STOMP 1.0
	// does not have client-individual.
	ErrAckMode = errors.New("stomp: not in this ack mode")

	// ErrOption: an option does not fit the other options, the broker, or the connection.
	ErrOption = errors.New("stomp: invalid option")

	// "Clients MUST NOT send any more frames after the DISCONNECT frame is sent" (STOMP 1.2,
	// DISCONNECT).
	errDisconnecting  error = closed("stomp: client is disconnecting")
	errProducerClosed error = closed("stomp: producer is closed")
	errUnsubscribed   error = closed("stomp: subscription has ended")
	errTransaction    error = closed("stomp: transaction has ended")
	errReserved             = errors.New("is set by the client")
)

// closed is an error that Is net.ErrClosed.
type closed string

func (e closed) Error() string { return string(e) }

func (e closed) Is(target error) bool { return target == net.ErrClosed }

// ServerError is an ERROR frame. It owns its content. The passcode of the connection is masked in
// it, because some brokers quote the frame that they refuse.
type ServerError = session.ServerError

// OutcomeError says that sends since the last Flush were not confirmed. It unwraps to the
// error of the first of them.
type OutcomeError = session.OutcomeError

// AddressError says what is wrong with a URI. It quotes no part that could be a password.
type AddressError = dial.AddressError

// dialError says why no broker accepted a session. errors.As and errors.Is look into all attempts.
type dialError struct {
	attempts []error // the latest error of each address that was tried, in the order of the URI
}

func (e *dialError) Error() string {
	texts := make([]string, len(e.attempts))
	for i, err := range e.attempts {
		texts[i] = err.Error()
	}
	return "stomp: no broker reached: " + strings.Join(texts, "; ")
}

func (e *dialError) Unwrap() []error { return e.attempts }

// attemptError is the error of one address.
type attemptError struct {
	addr string
	err  error
}

func (e *attemptError) Error() string { return e.addr + ": " + e.err.Error() }

func (e *attemptError) Unwrap() error { return e.err }

// unreached records the error of the address of w, and returns it together with the latest errors
// of the others.
func (c *Client) unreached(w *wire, err error) error {
	if c.cfg.Logger != nil {
		c.cfg.Logger.Warn("stomp: cannot connect", "connection", w.slot.core.Name, "addr", w.addr, "cause", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts[w.conn.Address] = &attemptError{w.addr, err}
	all := new(dialError)
	for _, err := range c.attempts {
		if err != nil {
			all.attempts = append(all.attempts, err)
		}
	}
	return all
}

// cause returns err without "connection closed" around it.
func cause(err error) error {
	if closed, ok := errors.AsType[*link.ClosedError](err); ok && closed.Cause != nil {
		return closed.Cause
	}
	return err
}

// notConnected says why a call did not wait for a connection, and why there was none.
func notConnected(why, last error) error {
	switch {
	case why == nil && last == nil:
		return ErrNotConnected
	case why == nil:
		return fmt.Errorf("%w: %w", ErrNotConnected, last)
	case last == nil:
		return fmt.Errorf("%w: %w", ErrNotConnected, why)
	}
	return fmt.Errorf("%w: %w: %w", ErrNotConnected, why, last)
}

// option returns an error that Is ErrOption.
func option(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrOption, fmt.Errorf(strings.TrimPrefix(format, "stomp: "), args...))
}
