package parser

import "github.com/stompwire/stompwire/frame"

// plain marks the octets that have no meaning in a header line unless something is open: all but
// NUL, LF, CR, colon, backslash and those above 127.
var plain = func() (t [256]bool) {
	for c := 1; c < 0x80; c++ {
		t[c] = c != '\n' && c != '\r' && c != ':' && c != '\\'
	}
	return t
}()

// readOctets is the automaton: it reads the octets from b.pos to end one by one and knows every
// rule. It reads what the masks cannot decide, and leaves the parser in a state from which they can
// continue.
func (p *Parser) readOctets(data []byte, end int) (done bool, err error) {
	b, l := &p.block, &p.settings.limits
	for i := b.pos; i < end; i++ {
		c := data[i]
		if plain[c] && b.open == 0 && i-b.line < l.HeaderLine && i-b.start < l.HeaderBlock {
			continue
		}
		if done, err = p.readOctet(data, i, c); done || err != nil {
			b.pos = i + 1
			return done, err
		}
	}
	b.pos = end
	return false, nil
}

// readOctet reads the octet c at i. The order of its checks decides which rule is reported if one
// octet proves several broken.
func (p *Parser) readOctet(data []byte, i int, c byte) (done bool, err error) {
	b := &p.block
	if c == 0 {
		return false, p.fail(frame.ErrNULInHeader, i)
	}
	if err := p.checkLimits(i, c); err != nil {
		return false, err
	}
	if b.open&openCR != 0 && c != '\n' {
		// header-value is "any OCTET except CR or LF or :" (STOMP 1.2, Augmented
		// BNF); in 1.0 and 1.1 CR is data, and never open.
		return false, p.fail(frame.ErrStrayCR, i-1)
	}
	if b.open&openEscape != 0 {
		if p.rules.defines(c) {
			b.escapes = append(b.escapes, uint32(i-1))
			b.open = 0
			return false, nil
		}
		if !p.rules.lenient {
			// "Undefined escape sequences such as \t MUST be treated as a fatal
			// protocol error" (STOMP 1.2, Value Encoding).
			return false, p.fail(frame.ErrBadEscape, i-1)
		}
	}
	if p.rules.utf8 && !b.sequence(c, i) {
		return false, p.fail(frame.ErrBadUTF8, b.lead)
	}
	b.open &= openCR | openSequence
	switch c {
	case '\n':
		return p.endLine(data, i)
	case ':':
		// A colon in a value is data; every known peer sends them so.
		if b.colon == 0 {
			if i == b.line {
				// header-name is "1*<any OCTET except CR or LF or :>".
				return false, p.fail(frame.ErrEmptyName, i)
			}
			b.colon = i
		}
	case '\r':
		if p.rules.crlf {
			b.open |= openCR
		}
	case '\\':
		if p.rules.escapes {
			b.open |= openEscape
		}
	}
	return false, nil
}

// endLine reads the LF at i.
func (p *Parser) endLine(data []byte, i int) (done bool, err error) {
	b, end := &p.block, i
	if b.open&openCR != 0 {
		end--
	}
	b.open = 0
	if end == b.line {
		return true, nil
	}
	if b.colon == 0 {
		return false, p.fail(frame.ErrNoColon, end)
	}
	if p.phase == skipped {
		err = p.endSkippedLine()
	} else {
		b.reserve(1, p.settings.limits.Headers)
		b.push(data, end)
		err = p.checkLength(data)
	}
	if err != nil {
		return false, err
	}
	b.line, b.colon, b.open = i+1, 0, openLine
	return false, nil
}

// checkLimits checks whether the octet c at i may still belong to the header block. The empty line
// that ends the block counts towards no limit.
func (p *Parser) checkLimits(i int, c byte) error {
	b, l := &p.block, &p.settings.limits
	isCR := c == '\r' && p.rules.crlf
	if i == b.line && (c == '\n' || isCR) || i == b.line+1 && c == '\n' && b.open&openCR != 0 {
		return nil
	}
	if b.lines >= l.Headers {
		return p.exceed(frame.ErrTooManyHeaders, int64(l.Headers), i)
	}
	// A line end does not count towards the length of its line.
	if n := i - b.line; n >= l.HeaderLine && c != '\n' && (n > l.HeaderLine || !isCR) {
		return p.exceed(frame.ErrHeaderLineTooLong, int64(l.HeaderLine), i)
	}
	if i-b.start >= l.HeaderBlock {
		return p.exceed(frame.ErrHeaderBlockTooLong, int64(l.HeaderBlock), i)
	}
	return nil
}
