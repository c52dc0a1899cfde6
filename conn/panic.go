package conn

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError says that a message handler, or a listener, has panicked.
type PanicError struct {
	Value       any    // that it panicked with
	Stack       []byte // of its goroutine
	Destination string // of the message, if it was a handler
	MessageID   string
}

func (e *PanicError) Error() string {
	if e.MessageID == "" && e.Destination == "" {
		return fmt.Sprintf("stomp: listener panicked: %v", e.Value)
	}
	return fmt.Sprintf("stomp: handler of message %.64q of %.64q panicked: %v", e.MessageID, e.Destination, e.Value)
}

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// delivered ends a delivery, deferred: what the handler does to itself is not to
// end all the others.
func (c *Conn) delivered() {
	if v := recover(); v != nil {
		c.panicked(v, &c.msg)
	}
	c.msg = Message{}
}

// guard calls a listener, and lives on if that panics.
func (c *Conn) guard(call func()) {
	defer func() {
		if v := recover(); v != nil {
			c.reportPanic(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	call()
}

func (c *Conn) panicked(v any, m *Message) {
	c.reportPanic(&PanicError{
		Value: v, Stack: debug.Stack(),
		Destination: string(m.Destination()), MessageID: string(m.ID()),
	})
}

func (c *Conn) reportPanic(err *PanicError) {
	if c.cfg.OnPanic != nil {
		c.cfg.OnPanic(err)
		return
	}
	logger := c.cfg.Logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.Error(err.Error(), "stack", string(err.Stack))
}
