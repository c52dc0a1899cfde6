package conn

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError says that user code has panicked: a handler, a callback, or Config.Trace. The client
// goes on; a message whose handler has panicked is not acknowledged.
type PanicError struct {
	Value any    // the value of the panic
	Stack []byte // of the goroutine that panicked

	destination, messageID string // of the message that the handler was handling
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

// guard calls user code and survives a panic. m is the message that the code handles, nil for none.
func (c *Client) guard(m *Message, call func()) {
	defer c.contain(m)
	call()
}

// contain, deferred, recovers from a panic of user code.
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
		defer func() { _ = recover() }() // Trace may be what panicked, and may panic again
		c.cfg.Trace(context.Background(), &Event{Kind: EventPanic, Err: err})
	}
}
