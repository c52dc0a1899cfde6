package frame

import (
	"fmt"
	"strings"
)

// Frame is one frame as it was read: a borrowed view, valid for as long as the call that handed it
// out says. See the package comment.
type Frame struct {
	Command Command
	Header  Header
	// Body is a slice of the same buffer, nil if the frame has no body.
	Body []byte
}

// Clone returns an owned frame: a copy of everything. It allocates.
func (f *Frame) Clone() *Frame {
	c := &Frame{Command: f.Command, Header: f.Header.Clone()}
	if f.Body != nil {
		c.Body = append(make([]byte, 0, len(f.Body)), f.Body...)
	}
	return c
}

// String describes the frame in one line, for logs: the command, the headers and the size of the
// body. The value of a passcode header is masked. It is not the wire form.
func (f *Frame) String() string {
	var b strings.Builder
	b.WriteString(f.Command.String())
	for name, value := range f.Header.All() {
		if string(name) == HeaderPasscode {
			value = []byte("***")
		}
		fmt.Fprintf(&b, " %s=%q", name, value)
	}
	fmt.Fprintf(&b, " body=%dB", len(f.Body))
	return b.String()
}
