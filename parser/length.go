package parser

import (
	"math"

	"github.com/stompwire/stompwire/frame"
)

// noteLength takes the content-length line that has been seen.
func (p *Parser) noteLength(data []byte) error {
	at := p.block.lengthLine + len(frame.HeaderContentLength) + 1
	value := data[at:p.block.lengthEnd]
	if p.rules.trim {
		value = trimLeft(value)
		at = p.block.lengthEnd - len(value)
	}
	n, ok := parseLength(value)
	switch {
	case !ok:
		return p.fail(frame.ErrBadContentLength, at)
	case n > 0 && !p.allowsBody():
		// "Only the SEND, MESSAGE, and ERROR frames MAY have a body. All other
		// frames MUST NOT" (STOMP 1.1 and 1.2, Body). A content-length of 0 is
		// legal everywhere: "all frames MAY include a content-length header".
		return p.fail(frame.ErrBodyNotAllowed, at)
	case n > p.maxBody():
		return p.exceed(frame.ErrBodyTooLong, p.maxBody(), at)
	}
	p.length = n
	return nil
}

// safeDigits is how many digits cannot exceed an int64.
const safeDigits = 18

// parseLength reads a decimal number: digits and nothing else, so no sign and no
// blanks. A number that does not fit is math.MaxInt64, which no limit allows.
func parseLength(s []byte) (n int64, ok bool) {
	for len(s) > safeDigits && s[0] == '0' {
		s = s[1:]
	}
	for _, c := range s {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d) // wraps around without harm if there are too many
	}
	if len(s) > safeDigits {
		return math.MaxInt64, true
	}
	return n, len(s) > 0
}

func (p *Parser) allowsBody() bool {
	return p.command.AllowsBody(p.settings.version)
}

// maxBody is what content-length may be at most.
func (p *Parser) maxBody() int64 {
	if p.settings.gather != math.MaxInt64 {
		return p.streaming.most
	}
	return int64(p.settings.limits.Body)
}
