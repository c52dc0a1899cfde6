package parser

import "encoding/binary"

// blockSize is how many octets one mask covers.
const blockSize = 64

// masks is what the first pass says of one block: bit i is octet i.
type masks struct {
	lf      uint64
	colon   uint64
	special uint64 // NUL, CR, backslash and octets above 127
}

const (
	lowBits  = 0x7f7f7f7f7f7f7f7f
	highBits = 0x8080808080808080
	each     = 0x0101010101010101
)

// markPortable is mark in plain Go: eight octets at a time, each class in a few
// operations on words.
func markPortable(block *[blockSize]byte) (m masks) {
	for i := 0; i < blockSize; i += 8 {
		w := binary.LittleEndian.Uint64(block[i : i+8])
		m.lf |= gather(equal(w, '\n')) << i
		m.colon |= gather(equal(w, ':')) << i
		m.special |= gather(equal(w, 0)|equal(w, '\r')|equal(w, '\\')|w&highBits) << i
	}
	return m
}

// equal sets the high bit of each octet of w that is c. Unlike the shorter trick
// with a borrow it is exact for every octet, not only for the first.
func equal(w uint64, c byte) uint64 {
	x := w ^ each*uint64(c)
	return ^(x&lowBits + lowBits | x | lowBits)
}

// gather moves the high bits of the octets of w into its lowest eight bits.
func gather(w uint64) uint64 {
	return (w >> 7) * 0x0102040810204080 >> 56
}
