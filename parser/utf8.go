package parser

// sequence reads the octet c at position i of text that must be UTF-8 and reports whether it is
// allowed there. It accepts exactly what utf8.Valid does: no overlong forms, no surrogates, nothing
// above U+10FFFF (RFC 3629, section 4). It is an automaton because the text arrives in pieces.
func (b *block) sequence(c byte, i int) bool {
	if b.open&openSequence != 0 {
		if c < b.low || c > b.high {
			return false
		}
		b.low, b.high = 0x80, 0xbf
		if b.want--; b.want == 0 {
			b.open &^= openSequence
		}
		return true
	}
	if c < 0x80 {
		return true
	}
	b.lead = i
	return b.beginSequence(c)
}

// beginSequence reads the first octet of a sequence.
func (b *block) beginSequence(c byte) bool {
	b.low, b.high = 0x80, 0xbf
	switch {
	case c < 0xc2 || c > 0xf4:
		return false
	case c < 0xe0:
		b.want = 1
	case c < 0xf0:
		b.want = 2
	default:
		b.want = 3
	}
	switch c {
	case 0xe0:
		b.low = 0xa0
	case 0xed:
		b.high = 0x9f
	case 0xf0:
		b.low = 0x90
	case 0xf4:
		b.high = 0x8f
	}
	b.open |= openSequence
	return true
}
