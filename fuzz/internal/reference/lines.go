package reference

import (
	"bytes"
	"math/big"
	"strings"

	"github.com/stompwire/stompwire/frame"
)

// lineReader reads the header lines of one frame.
type lineReader struct {
	*decoder
	command string
	crlf    bool
	start   int // of the header block
	line    int // where the line being read begins
	headers []Header
	length  int64
	counted bool // a content-length line has been read

	unlimited bool // without header limits, except most
	most      int  // maximum position of the end of the header
}

func (l *lineReader) readLines() bool {
	for {
		at := l.pos
		l.line = at
		line, ok := l.readLine()
		if !ok {
			return false
		}
		if len(line) == 0 {
			return true
		}
		raw, value, _ := strings.Cut(string(line), ":")
		name := l.unescape(raw)
		l.headers = append(l.headers, Header{name, l.unescape(value)})
		if name == "content-length" && !l.counted {
			l.counted = true
			if !l.readLength(l.unescape(value), at+len(raw)+1) {
				return false
			}
		}
	}
}

// readLine returns a line without its end.
func (l *lineReader) readLine() (line []byte, ok bool) {
	at := l.pos
	for {
		c, ok := l.next()
		if !ok {
			return nil, false
		}
		if l.unlimited && l.pos > l.most {
			return nil, l.fail(frame.ErrHeaderBlockTooLong, l.pos-1)
		}
		line = append(line, c)
		if i, rule := l.judge(line, at-l.start); rule != nil {
			return nil, l.fail(rule, at+i)
		}
		if c == '\n' {
			return l.text(line), true
		}
	}
}

// text returns a line without its end, if it has one.
func (l *lineReader) text(line []byte) []byte {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if ended && l.crlf {
		text = bytes.TrimSuffix(text, []byte("\r"))
	}
	return text
}

// judge returns the first position in line that breaks a rule, and the rule. The last octet of line
// has just arrived. before is the size of the lines before.
func (l *lineReader) judge(line []byte, before int) (at int, rule error) {
	last := len(line) - 1
	ended := line[last] == '\n'
	text := l.text(line)
	if line[last] == 0 {
		return last, frame.ErrNULInHeader
	}
	couldBeEmpty := len(text) == 0 || l.crlf && string(line) == "\r"
	if !couldBeEmpty && !l.unlimited {
		if len(l.headers) >= l.limits.Headers {
			return last, frame.ErrTooManyHeaders
		}
		// The end of a line does not count, and a CR may be the start of the end.
		n := len(text)
		if !ended && l.crlf && line[last] == '\r' {
			n--
		}
		if n > l.limits.HeaderLine {
			return last, frame.ErrHeaderLineTooLong
		}
		if before+len(line) > l.limits.HeaderBlock {
			return last, frame.ErrHeaderBlockTooLong
		}
	}
	if l.crlf && last > 0 && line[last-1] == '\r' && !ended {
		return last - 1, frame.ErrStrayCR
	}
	if i := l.badEscape(line); i >= 0 {
		return i, frame.ErrBadEscape
	}
	if l.version != frame.Version10 {
		if i := firstNotUTF8(line); i >= 0 {
			return i, frame.ErrBadUTF8
		}
	}
	colon := bytes.IndexByte(line, ':')
	switch {
	case colon == 0:
		return 0, frame.ErrEmptyName
	case ended && len(text) > 0 && colon < 0:
		return len(text), frame.ErrNoColon
	}
	return 0, nil
}

// escapes returns the letters of the escapes that are defined.
func (l *lineReader) escapes() string {
	switch {
	case handshake(l.command), l.version == frame.Version10:
		return ""
	case l.version == frame.Version11:
		return `nc\`
	}
	return `nc\r`
}

// badEscape returns the position of the first backslash whose letter has arrived and is not a
// defined escape, -1 if there is none.
func (l *lineReader) badEscape(line []byte) int {
	letters := l.escapes()
	if letters == "" {
		return -1
	}
	for i := 0; i < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		i++
		if i < len(line) && strings.IndexByte(letters, line[i]) < 0 {
			return i - 1
		}
	}
	return -1
}

// unescape resolves escapes that badEscape has accepted.
func (l *lineReader) unescape(s string) string {
	if l.escapes() == "" {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\c`, ":", `\r`, "\r").Replace(s)
}

// readLength parses the value of content-length, which is at position at.
func (l *lineReader) readLength(value string, at int) bool {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return l.fail(frame.ErrBadContentLength, at)
	}
	n, _ := new(big.Int).SetString(value, 10)
	if n.Sign() > 0 && !l.allowsBody(l.command) {
		return l.fail(frame.ErrBodyNotAllowed, at)
	}
	if n.Cmp(big.NewInt(int64(l.limits.Body))) > 0 {
		return l.fail(frame.ErrBodyTooLong, at)
	}
	l.length = n.Int64()
	return true
}
