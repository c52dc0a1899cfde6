//go:build purego || !(amd64 || arm64)

package writer

import "encoding/binary"

// The twin of word_unsafe.go, for other machines and for those who do without
// unsafe (build tag purego). It is slower, and textOf allocates for texts over 32
// bytes.

func load8(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

func load4(s string, i int) uint32 {
	b := s[i : i+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func store8(p []byte, i int, x uint64) { binary.LittleEndian.PutUint64(p[i:i+8], x) }

func store4(p []byte, i int, x uint32) { binary.LittleEndian.PutUint32(p[i:i+4], x) }

func textOf(text []byte) string { return string(text) }
