package conn

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError says that user code has panicked: a handler, a callback, or Config.Trace. The
// client goes on; a message whose handler has panicked is not acknowledged.
type PanicError struct {
	Value any    // that it panicked with
	Stack []byte // of its goroutine

	destination, messageID string // of the message, if it was its handler
}

func (e *PanicError) Error() string {
	if e.messageID == "" && e.destination == "" {
		return fmt.Sprintf("stomp: callback panicked: %v", e.Value)
	}
	return fmt.Sprintf("stomp: handler of message %.64q of %.64q panicked: %v", e.messageID, e.destination, e.Value)
}

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// guard calls user code and goes on if that panics. m is the message that it handles, nil for
// none.
func (c *Client) guard(m *Message, call func()) {
	defer c.contain(m)
	call()
}

// contain, deferred, ends a panic of user code.
func (c *Client) contain(m *Message) {
	v := recover()
	if v == nil {
		return
	}
	err := &PanicError{Value: v, Stack: debug.Stack()}
	if m != nil {
		err.destination, err.messageID = string(m.Destination()), string(m.id())
	}
	c.reportPanic(err)
}

func (c *Client) reportPanic(err *PanicError) {
	logger := c.cfg.Logger
	if logger == nil && c.cfg.Trace == nil {
		logger = slog.Default()
	}
	if logger != nil {
		logger.Error(err.Error(), "stack", string(err.Stack))
	}
	if c.cfg.Trace != nil {
		defer func() { _ = recover() }() // it was Trace that panicked, and does again
		c.cfg.Trace(context.Background(), &Event{Kind: EventPanic, Err: err})
	}
}
