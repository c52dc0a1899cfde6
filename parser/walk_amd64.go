//go:build !purego

package parser

import "golang.org/x/sys/cpu"

// What the processor supports. Tests change it.
var (
	vectorised = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT
	wide       = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW // a block is one register
)

// walk is walkPortable by the fastest means that the processor has. n must be at least 1, and data
// must contain n whole blocks from b.pos on.
func (b *block) walk(data []byte, n int) int {
	if !vectorised {
		return b.walkPortable(data, n)
	}
	return walkAVX2(b, &data[0], n)
}

// mark is markPortable by the fastest means. FuzzScan checks that both pairs are equal.
func mark(octets *[blockSize]byte) (m masks) {
	if !vectorised {
		return markPortable(octets)
	}
	markAVX2(&m, octets)
	return m
}

// walkAVX2 is walkPortable. It uses AVX-512 if wide is set.
//
//go:noescape
func walkAVX2(b *block, data *byte, n int) int

//go:noescape
func markAVX2(dst *masks, octets *[blockSize]byte)
