package parser

import (
	"math/bits"
	"unicode/utf8"
)

// readSpecial reads the special octets of the block from b.pos to end: it records the backslashes
// that begin escapes, and checks what is not ASCII. If the end of the block cuts an escape or a
// character in two, it is left to the next block: cut is where it begins. Otherwise cut is end.
//
// It returns false, and records nothing, if the automaton must read the block.
func (p *Parser) readSpecial(data []byte, special uint64, end int) (cut int, ok bool) {
	b, r := &p.block, &p.rules
	noted := len(b.escapes)
	for special != 0 {
		i := bits.TrailingZeros64(special)
		at, size := b.pos+i, 1
		switch c := data[at]; {
		case c == '\\' && r.escapes:
			if size = p.readEscape(data[at:end], at); size == 0 && at > b.pos && at+1 == end {
				return at, true
			}
		case c >= 0x80 && r.utf8:
			if size = sizeOfRune(data[at:end]); size == 0 && at > b.pos && !utf8.FullRune(data[at:end]) {
				return at, true
			}
		case c == 0, c == '\r' && r.crlf:
			size = 0
		}
		if size == 0 {
			b.escapes = b.escapes[:noted]
			return 0, false
		}
		special &= ^uint64(0) << i << size
	}
	return end, true
}

// readEscape records the escape at the start of text, which is at position at, and returns its
// size, 0 if it is not a defined escape.
func (p *Parser) readEscape(text []byte, at int) int {
	if len(text) < 2 || !p.rules.defines(text[1]) {
		return 0
	}
	p.block.escapes = append(p.block.escapes, uint32(at))
	return 2
}

// sizeOfRune returns the size of the character at the start of text, which is not
// ASCII, and 0 if there is none.
func sizeOfRune(text []byte) int {
	if _, size := utf8.DecodeRune(text); size > 1 {
		return size
	}
	return 0
}
