package parser

import (
	"math"

	"github.com/stompwire/stompwire/frame"
)

// noteLength parses the content-length line that has been seen.
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

// safeDigits is how many digits always fit an int64.
const safeDigits = 18

// parseLength parses a decimal number: digits only, no sign and no blanks. It returns math.MaxInt64
// for a number that does not fit, which no limit allows.
func parseLength(s []byte) (n int64, ok bool) {
	for len(s) > safeDigits && s[0] == '0' {
		s = s[1:]
	}
	for _, c := range s {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d) // may overflow if there are too many digits; then it is not used
	}
	if len(s) > safeDigits {
		return math.MaxInt64, true
	}
	return n, len(s) > 0
}

func (p *Parser) allowsBody() bool {
	return p.command.AllowsBody(p.settings.version)
}

// maxBody is the largest content-length that is accepted.
func (p *Parser) maxBody() int64 {
	if p.settings.gather != math.MaxInt64 {
		return p.streaming.most
	}
	return int64(p.settings.limits.Body)
}
