package writer

import "github.com/stompwire/stompwire/frame"

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// marks returns a word with a high bit set (perhaps several) if any octet of x is not plain: a
// control character, colon, backslash, or outside ASCII. A plain octet is written unchanged in
// every version, in a name and in a value.
//
// Subtracting k from every octet sets the high bit of those below k. Octets from 0x80 on keep their
// high bit in at least one of the three differences. A borrow runs into the next octet only from
// one that is marked itself.
func marks(x uint64) uint64 {
	return (x - ' '*ones) | ((x ^ ':'*ones) - ones) | ((x ^ '\\'*ones) - ones)
}

// putPlainLinesPortable writes header lines to the beginning of p. It stops at a line that p has no
// room for, that is not plain, that has no name, or that is content-length. It returns how many
// bytes and lines it wrote. The octets of p behind them may have been overwritten.
//
// Each text is copied and tested in one pass, a word at a time; the last word overlaps the one
// before. Both texts of a line run through the same loop, because calling a function for each costs
// more than the copy.
func putPlainLinesPortable(p []byte, h []frame.Field) (size, lines int) {
	for i := range h {
		text, at := h[i].Name, size
		n := len(text)
		end := at + n + len(h[i].Value) + len(":\n")
		if n == 0 || end > len(p) || n == len(frame.HeaderContentLength) && text == frame.HeaderContentLength {
			return size, i
		}
		seen := uint64(0)
		for separator := byte(':'); ; separator = '\n' {
			if n >= 8 {
				last := load8(text, n-8)
				seen |= marks(last)
				for i := 0; i < n-8; i += 8 {
					x := load8(text, i)
					seen |= marks(x)
					store8(p, at+i, x)
				}
				store8(p, at+n-8, last)
			} else {
				seen |= putShort(p[at:], text)
			}
			at += n + 1
			p[at-1] = separator
			if separator == '\n' {
				break
			}
			text = h[i].Value
			n = len(text)
		}
		if seen&highs != 0 {
			return size, i
		}
		size = end
	}
	return size, len(h)
}

// putShort copies a text of less than 8 octets to the beginning of p, which must be at least as
// long, and returns its marks.
func putShort(p []byte, text string) uint64 {
	n := len(text)
	if n >= 4 {
		first, last := load4(text, 0), load4(text, n-4)
		store4(p, 0, first)
		store4(p, n-4, last)
		return marks(uint64(first) | uint64(last)<<32)
	}
	seen := uint64(0)
	for i := range n {
		p[i] = text[i]
		seen |= marks('x'*ones&^0xff | uint64(text[i]))
	}
	return seen
}
