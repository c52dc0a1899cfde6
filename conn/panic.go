package conn

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError says that a message handler, or a listener, has panicked; or that a
// message handler has ended its goroutine, which is fatal to the connection: then Value
// is ErrGoexit, and this is the cause that the connection ends with.
type PanicError struct {
	Value       any    // that it panicked with
	Stack       []byte // of its goroutine
	Destination string // of the message, if it was a handler
	MessageID   string
}

func (e *PanicError) Error() string {
	switch {
	case e.Value == ErrGoexit:
		return fmt.Sprintf("stomp: handler of message %.64q of %.64q called runtime.Goexit", e.MessageID, e.Destination)
	case e.MessageID == "" && e.Destination == "":
		return fmt.Sprintf("stomp: listener panicked: %v", e.Value)
	}
	return fmt.Sprintf("stomp: handler of message %.64q of %.64q panicked: %v", e.MessageID, e.Destination, e.Value)
}

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// delivered ends a delivery of c.msg, deferred: what the handler does to itself is not
// to end all the others.
func (c *Conn) delivered(returned *bool) {
	if v := recover(); v != nil {
		c.panicked(v, &c.msg)
	} else if !*returned {
		c.exited(&c.msg)
	}
	c.msg = Message{}
}

// exited ends the connection whose handler has ended its goroutine. Usually that is the
// one that reads, and a handler that wants it ended cannot be denied it.
func (c *Conn) exited(m *Message) {
	err := newPanicError(ErrGoexit, m)
	c.l.Close(err)
	c.reportPanic(err)
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
	c.reportPanic(newPanicError(v, m))
}

func newPanicError(v any, m *Message) *PanicError {
	return &PanicError{
		Value: v, Stack: debug.Stack(),
		Destination: string(m.Destination()), MessageID: string(m.ID()),
	}
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
