package parser

import (
	"math"

	"github.com/stompwire/stompwire/frame"
)

// lengthName is the beginning of a content-length line.
const lengthName = frame.HeaderContentLength + ":"

// lengthLine recognises a content-length line octet by octet.
type lengthLine struct {
	matched int   // matched octets of lengthName, -1 if the line is another
	at      int64 // in the stream, of the value
	value   int64
	digits  bool // the value has begun
	bad     bool // it is not a number
}

// take reads the octet c at position at of the stream, which is not part of a line end. trim says
// that blanks before the value are not part of it.
func (l *lengthLine) take(c byte, at int64, trim bool) {
	switch d := int64(c) - '0'; {
	case l.matched < 0:
	case l.matched < len(lengthName):
		if c != lengthName[l.matched] {
			l.matched = -1
			return
		}
		l.matched++
		l.at = at + 1
	case trim && c == ' ' && !l.digits && !l.bad:
		l.at++
	case d < 0 || d > 9:
		l.bad = true
	default:
		l.digits = true
		l.value = appendDigit(l.value, d)
	}
}

// appendDigit returns 10n+d, and math.MaxInt64 where parseLength does.
func appendDigit(n, d int64) int64 {
	if n >= 1e17 { // it has safeDigits digits, or is math.MaxInt64
		return math.MaxInt64
	}
	return 10*n + d
}
