package conn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// DialError says that no broker accepted a session, and why each did not.
// errors.As and errors.Is look into all of it: for a *ServerError if one of them
// refused, for context.Canceled if the caller gave up.
type DialError struct {
	// Attempts has the latest error of each address that was tried, in the
	// order of the last round.
	Attempts []*ConnectError
	// Rounds is how many rounds were begun.
	Rounds int
	// Cause is what ended the rounds early: the cause of the context. It is nil
	// if there were no more.
	Cause error
}

func newDialError(targets []*target, rounds int, cause error) *DialError {
	e := &DialError{Rounds: rounds, Cause: cause}
	for _, t := range targets {
		if t.last != nil {
			e.Attempts = append(e.Attempts, t.last)
		}
	}
	return e
}

func (e *DialError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stomp: no broker reached in %d round", e.Rounds)
	if e.Rounds != 1 {
		b.WriteString("s")
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	for i, attempt := range e.Attempts {
		separator := "; "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(&b, "%s%s: %v", separator, attempt.Addr, attempt.Err)
	}
	return b.String()
}

// Unwrap returns the error of each address and the cause.
func (e *DialError) Unwrap() []error {
	errs := make([]error, 0, len(e.Attempts)+1)
	for _, attempt := range e.Attempts {
		errs = append(errs, attempt)
	}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	return errs
}

func asConnectError(name string, err error) *ConnectError {
	var e *ConnectError
	if errors.As(err, &e) {
		return e
	}
	return &ConnectError{Addr: name, Err: err}
}

func noTransport(after time.Duration) error {
	return fmt.Errorf("no connection within %v: %w", after, context.DeadlineExceeded)
}

// withCause says which of our time limits it was, where a layer below only knows
// that there was one.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w (%w)", cause, err)
}
