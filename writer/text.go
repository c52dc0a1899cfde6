package writer

import (
	"math/bits"
	"slices"
	"unicode/utf8"
)

// appendText appends header text by the rules. With an error, the caller must discard the returned
// slice.
func appendText(dst []byte, act *actions, mustUTF8 bool, text string) ([]byte, error) {
	dst = slices.Grow(dst, 2*len(text))
	size, seen, refused := putText(dst[len(dst):cap(dst)], act, text)
	if refused != 0 {
		return nil, reasonOf[refused]
	}
	if mustUTF8 && seen&highs != 0 && !utf8.ValidString(text) {
		return nil, ErrBadUTF8
	}
	return dst[:len(dst)+size], nil
}

// putText writes text to the beginning of p, which must have room for twice its length. It returns
// the size, the bitwise or of all words of text, and the action that refuses the text.
func putText(p []byte, act *actions, text string) (size int, seen uint64, refused byte) {
	for i := 0; i < len(text); {
		if i+8 <= len(text) {
			// All eight octets are written; those from the first mark on are then overwritten. The
			// lowest mark is always right; see marks.
			x := load8(text, i)
			store8(p, size, x)
			seen |= x
			plain := bits.TrailingZeros64(marks(x)&highs) / 8
			i += plain
			size += plain
			if plain == 8 {
				continue
			}
		}
		// One octet, and after one that is not ASCII all others that are not: in such text most
		// are.
		for more := true; more; more = i < len(text) && text[i] >= utf8.RuneSelf {
			n, refused := putOctet(p[size:], act, text[i])
			if refused != 0 {
				return 0, 0, refused
			}
			seen |= uint64(text[i])
			size += n
			i++
		}
	}
	return size, seen, 0
}

// putOctet writes one octet to the beginning of p, which must have room for two.
func putOctet(p []byte, act *actions, c byte) (size int, refused byte) {
	switch a := act[c]; {
	case a == 0:
		p[0] = c
		return 1, 0
	case a <= refuseColon:
		return 0, a
	default:
		p[0], p[1] = '\\', a
		return 2, 0
	}
}
