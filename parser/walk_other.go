//go:build !amd64 || purego

package parser

func (b *block) walk(data []byte, n int) int { return b.walkPortable(data, n) }

func mark(octets *[blockSize]byte) masks { return markPortable(octets) }
