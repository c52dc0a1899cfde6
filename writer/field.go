package writer

import (
	"slices"

	"github.com/stompwire/stompwire/frame"
)

// AppendHeader appends one header line, escaped for version v, and its line end. Do not use it for
// CONNECT, STOMP and CONNECTED, which escape nothing in any version; [AppendFrame] handles them. An
// error is a [*HeaderError], and dst is returned with its old length.
func AppendHeader(dst []byte, v frame.Version, name, value string) ([]byte, error) {
	return appendHeader(dst, v, frame.CmdNone, name, value)
}

// AppendHeaderBytes is [AppendHeader] for text in byte slices, which are
// borrowed for the call.
func AppendHeaderBytes(dst []byte, v frame.Version, name, value []byte) ([]byte, error) {
	f := frame.Field{Name: textOf(name), Value: textOf(value)}
	out, reason := appendLine(dst, rulesFor(v, frame.CmdNone), f)
	if reason != nil {
		return dst, &HeaderError{Name: string(name), Index: -1, Reason: reason}
	}
	return out, nil
}

// appendHeader appends a header line of cmd that is not from a list.
func appendHeader(dst []byte, v frame.Version, cmd frame.Command, name, value string) ([]byte, error) {
	out, reason := appendLine(dst, rulesFor(v, cmd), frame.Field{Name: name, Value: value})
	if reason != nil {
		return dst, &HeaderError{Command: cmd, Name: name, Index: -1, Reason: reason}
	}
	return out, nil
}

// appendRequired is appendHeader for a value that must not be empty.
func appendRequired(dst []byte, v frame.Version, cmd frame.Command, name, value string) ([]byte, error) {
	if value == "" {
		return dst, &HeaderError{Command: cmd, Name: name, Index: -1, Reason: ErrMissing}
	}
	return appendHeader(dst, v, cmd, name, value)
}

// appendLine appends the line of f. With an error, the caller must discard the returned slice.
func appendLine(dst []byte, r *rules, f frame.Field) ([]byte, error) {
	if size, lines := putPlainLines(dst[len(dst):cap(dst)], []frame.Field{f}); lines == 1 {
		return dst[:len(dst)+size], nil
	}
	return appendCareful(dst, r, f.Name, f.Value)
}

// appendCareful appends a line of any text. With an error, the caller must discard the returned
// slice.
func appendCareful(dst []byte, r *rules, name, value string) ([]byte, error) {
	if name == "" {
		return nil, ErrEmptyName
	}
	dst, reason := appendText(dst, r.name, r.utf8, name)
	if reason != nil {
		return nil, reason
	}
	dst, reason = appendText(append(dst, ':'), r.value, r.utf8, value)
	if reason != nil {
		return nil, reason
	}
	return append(dst, '\n'), nil
}

// appendFields appends the lines of h for a frame of cmd with a body of length bytes. With an
// error, the caller must discard the returned slice. counted says whether content-length is among
// them. Every content-length must give the length, because readers disagree on which of several
// counts.
func appendFields(dst []byte, v frame.Version, cmd frame.Command, h []frame.Field, length int64) (out []byte, counted bool, err error) {
	done := 0
	for {
		size, lines := putPlainLines(dst[len(dst):cap(dst)], h[done:])
		dst = dst[:len(dst)+size]
		if done += lines; done == len(h) {
			return dst, counted, nil
		}
		f := &h[done]
		if cap(dst)-len(dst) < plainSize(h[done:done+1]) {
			dst = slices.Grow(dst, plainSize(h[done:]))
			continue
		}
		if f.Name == frame.HeaderContentLength {
			counted = true
			if !givesLength(f.Value, length) {
				return nil, false, &HeaderError{cmd, f.Name, done, ErrContentLength}
			}
		}
		var reason error
		if dst, reason = appendCareful(dst, rulesFor(v, cmd), f.Name, f.Value); reason != nil {
			return nil, false, &HeaderError{cmd, f.Name, done, reason}
		}
		done++
	}
}

// plainSize returns the size of the lines of h if nothing needs an escape.
func plainSize(h []frame.Field) int {
	size := 0
	for i := range h {
		size += len(h[i].Name) + len(h[i].Value) + len(":\n")
	}
	return size
}
