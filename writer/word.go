package writer

import "encoding/binary"

// load8 returns the octets i to i+7 of s, the first in the lowest bits.
func load8(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// load4 returns the octets i to i+3 of s.
func load4(s string, i int) uint32 {
	b := s[i : i+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// store8 writes the octets of x to p[i:i+8].
func store8(p []byte, i int, x uint64) { binary.LittleEndian.PutUint64(p[i:i+8], x) }

// store4 writes the octets of x to p[i:i+4].
func store4(p []byte, i int, x uint32) { binary.LittleEndian.PutUint32(p[i:i+4], x) }
