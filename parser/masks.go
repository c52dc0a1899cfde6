package parser

import "encoding/binary"

// blockSize is how many octets one mask covers.
const (
	blockShift = 6
	blockSize  = 1 << blockShift
)

// masks is the result of the first pass for one block: bit i is octet i.
type masks struct {
	lf      uint64
	colon   uint64
	special uint64 // backslash, octets above 127, octets below 14 except LF
}

const (
	lowBits  = 0x7f7f7f7f7f7f7f7f
	highBits = 0x8080808080808080
	each     = 0x0101010101010101
)

// markPortable is mark in plain Go: eight octets at a time, each class in a few
// operations on words.
func markPortable(block *[blockSize]byte) masks {
	var lf, colon, special uint64
	for i := blockSize - 8; i >= 0; i -= 8 {
		w := binary.LittleEndian.Uint64(block[i:])
		lf = lf<<8 | gather(equal(w, '\n'))
		colon = colon<<8 | gather(equal(w, ':'))
		special = special<<8 | gather(equal(w, '\\')|notBetween14And127(w))
	}
	return masks{lf, colon, special &^ lf}
}

// notBetween14And127 sets the high bit of each octet of w that is below 14 or above 127.
func notBetween14And127(w uint64) uint64 {
	return (^(w&lowBits + each*(128-14)) | w) & highBits
}

// equal sets the high bit of each octet of w that is c. Unlike the shorter version with a borrow it
// is exact for every octet, not only for the first.
func equal(w uint64, c byte) uint64 {
	x := w ^ each*uint64(c)
	return ^(x&lowBits + lowBits | x | lowBits)
}

// gather moves the high bits of the octets of w into its lowest eight bits.
func gather(w uint64) uint64 {
	return (w >> 7) * 0x0102040810204080 >> 56
}
