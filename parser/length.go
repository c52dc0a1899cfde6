package parser

import (
	"math"

	"github.com/stompwire/stompwire/frame"
)

// noteLength takes the content-length line, which is at position at.
func (p *Parser) noteLength(line []byte, at int) error {
	value := line[len(frame.HeaderContentLength)+1:]
	if p.rules.trim {
		value = trimLeft(value)
	}
	n, ok := parseLength(value)
	at += len(line) - len(value)
	switch {
	case !ok:
		return p.fail(frame.ErrBadContentLength, at)
	case n > 0 && !p.allowsBody():
		// "Only the SEND, MESSAGE, and ERROR frames MAY have a body. All other
		// frames MUST NOT" (STOMP 1.1 and 1.2, Body). A content-length of 0 is
		// legal everywhere: "all frames MAY include a content-length header".
		return p.fail(frame.ErrBodyNotAllowed, at)
	case n > p.maxBody():
		return p.exceed(frame.ErrBodyTooLong, int(p.maxBody()), at)
	}
	p.length = n
	return nil
}

// parseLength reads a decimal number: digits and nothing else, so no sign and no
// blanks. A number that does not fit is math.MaxInt64, which no limit allows.
func parseLength(s []byte) (n int64, ok bool) {
	for _, c := range s {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64 // and look on: what follows must be digits too
			continue
		}
		n = n*10 + int64(d)
	}
	return n, len(s) > 0
}

func (p *Parser) allowsBody() bool {
	return p.command.AllowsBody(p.settings.version)
}

// maxBody is what content-length may be at most.
func (p *Parser) maxBody() int64 { return int64(p.settings.limits.Body) }
