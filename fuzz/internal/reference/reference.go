// Package reference is a second decoder of STOMP frames, written straight from the specifications,
// to compare the parser with: slow, simple, and without state between octets. It shares no code
// with package parser.
//
// It checks a line again after each octet, so the first octet that proves a rule broken is the one
// at which it stops.
//
// Imports: frame, for versions, limits and the names of rules only.
package reference

import (
	"bytes"
	"unicode/utf8"

	"github.com/stompwire/stompwire/frame"
)

// Header is one header line, unescaped.
type Header struct{ Name, Value string }

// Frame is one frame.
type Frame struct {
	Command string
	Headers []Header
	Body    string
	End     int // position in the stream behind its NUL
	// Limit is set if the header exceeds a limit: it says which and where. Headers are then the
	// lines before, and Body is nil.
	Limit *Error
}

// Error says which rule is broken and at which position.
type Error struct {
	Rule   error
	Offset int
}

// Result is the decoded content of a whole stream.
type Result struct {
	Frames []Frame
	Beats  int // EOLs between frames, except the first behind each
	Err    *Error
	// Partial is set if the stream ends inside a frame (or after a CR).
	Partial bool
}

type decoder struct {
	data    []byte
	pos     int
	version frame.Version
	limits  frame.Limits
	skips   bool
	result  Result
}

// Decode reads a stream of frames of one version. limits must be complete.
func Decode(data []byte, version frame.Version, limits frame.Limits) Result {
	return (&decoder{data: data, version: version, limits: limits}).decode()
}

// DecodeSkipping is Decode that skips a frame whose header exceeds a limit.
func DecodeSkipping(data []byte, version frame.Version, limits frame.Limits) Result {
	return (&decoder{data: data, version: version, limits: limits, skips: true}).decode()
}

func (d *decoder) decode() Result {
	for first := true; d.skipEOLs(first) && d.readFrame(); first = false {
	}
	return d.result
}

func (d *decoder) fail(rule error, offset int) bool {
	d.result.Err = &Error{rule, offset}
	return false
}

// next returns the next octet. If there is none, the stream is partial.
func (d *decoder) next() (c byte, ok bool) {
	if d.pos == len(d.data) {
		d.result.Partial = true
		return 0, false
	}
	c = d.data[d.pos]
	d.pos++
	return c, true
}

// skipEOLs reports whether a frame follows. Except before the first frame, the first EOL belongs to
// the frame before, and the others are heart-beats.
func (d *decoder) skipEOLs(first bool) bool {
	for beat := first; ; beat = true {
		rest := d.data[d.pos:]
		switch {
		case len(rest) == 0:
			return false
		case rest[0] == '\n':
			d.pos++
		case rest[0] != '\r':
			return true
		case len(rest) == 1:
			d.result.Partial = true
			return false
		case rest[1] != '\n':
			return d.fail(frame.ErrStrayCR, d.pos)
		default:
			d.pos += 2
		}
		if beat {
			d.result.Beats++
		}
	}
}

func (d *decoder) readFrame() bool {
	command, crlf, ok := d.readCommand()
	if !ok {
		return false
	}
	l := lineReader{decoder: d, command: command, crlf: crlf, start: d.pos, length: -1}
	if !l.readLines() {
		return d.skips && d.result.Err != nil && headerLimits[d.result.Err.Rule] && d.skipFrame(l)
	}
	body, ok := d.readBody(command, l.length)
	if !ok {
		return false
	}
	d.result.Frames = append(d.result.Frames, Frame{Command: command, Headers: l.headers, Body: string(body), End: d.pos})
	return true
}

var headerLimits = map[error]bool{
	frame.ErrHeaderLineTooLong: true, frame.ErrTooManyHeaders: true, frame.ErrHeaderBlockTooLong: true,
}

// skipFrame reads the frame of l again, which l has read up to a limit, without limits of headers.
func (d *decoder) skipFrame(l lineReader) bool {
	limit := d.result.Err
	d.pos, d.result.Err = l.start, nil
	again := lineReader{decoder: d, command: l.command, crlf: l.crlf, start: l.start, length: -1, unlimited: true, most: l.line + d.limits.Body}
	if !again.readLines() {
		return false
	}
	if _, ok := d.readBody(l.command, again.length); !ok {
		return false
	}
	d.result.Frames = append(d.result.Frames, Frame{Command: l.command, Headers: l.headers, End: d.pos, Limit: limit})
	return true
}

var commands = map[string]bool{
	"CONNECT": true, "STOMP": true, "CONNECTED": true,
	"SEND": true, "SUBSCRIBE": true, "UNSUBSCRIBE": true, "ACK": true, "NACK": true, "BEGIN": true,
	"COMMIT": true, "ABORT": true, "DISCONNECT": true, "MESSAGE": true, "RECEIPT": true, "ERROR": true,
}

func handshake(command string) bool {
	return command == "CONNECT" || command == "STOMP" || command == "CONNECTED"
}

// only12 reports whether the rules that are new in 1.2 hold: in 1.2, and before a version has been
// agreed on.
func (d *decoder) only12() bool { return d.version == 0 || d.version == frame.Version12 }

// readCommand returns the command and whether lines may end in CR LF.
func (d *decoder) readCommand() (command string, crlf, ok bool) {
	start := d.pos
	var line []byte
	for {
		c, ok := d.next()
		if !ok {
			return "", false, false
		}
		n := len(line)
		switch {
		case c == '\n':
			command = string(line)
			if stripped, found := bytes.CutSuffix(line, []byte("\r")); found && (d.only12() || handshake(string(stripped))) {
				command = string(stripped)
			}
			if !commands[command] {
				return "", false, d.fail(frame.ErrBadCommand, start)
			}
			return command, d.only12() || handshake(command), true
		case c == 0:
			return "", false, d.fail(frame.ErrNULInHeader, d.pos-1)
		case n > d.limits.Command, n == d.limits.Command && c != '\r':
			return "", false, d.fail(frame.ErrCommandTooLong, d.pos-1)
		}
		line = append(line, c)
	}
}

func (d *decoder) allowsBody(command string) bool {
	return command == "SEND" || command == "MESSAGE" || command == "ERROR" || d.version == frame.Version10
}

// readBody reads the body and the NUL. length is -1 if it is not known.
func (d *decoder) readBody(command string, length int64) (body []byte, ok bool) {
	for {
		c, ok := d.next()
		if !ok {
			return nil, false
		}
		n := int64(len(body))
		switch {
		case length >= 0 && n == length && c != 0:
			return nil, d.fail(frame.ErrNoNUL, d.pos-1)
		case c == 0 && (length < 0 || n == length):
			return body, true
		case !d.allowsBody(command):
			return nil, d.fail(frame.ErrBodyNotAllowed, d.pos-1)
		case n >= int64(d.limits.Body):
			return nil, d.fail(frame.ErrBodyTooLong, d.pos-1)
		}
		body = append(body, c)
	}
}

// firstNotUTF8 returns the position of the first octet of text that cannot be part of UTF-8,
// whatever follows text; -1 if there is none.
func firstNotUTF8(text []byte) int {
	for i := 0; i < len(text); {
		if !utf8.FullRune(text[i:]) {
			return -1
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
