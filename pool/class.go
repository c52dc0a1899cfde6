package pool

import (
	"math/bits"
	"sync/atomic"

	"github.com/valyala/bytebufferpool"
)

// Buffers come in powers of four from 256 B to 1 MiB. Larger ones are allocated and left to the
// garbage collector.
const (
	minShift   = 8
	classShift = 2
	numClasses = 7

	// MaxPooled is the size of the largest buffers that are kept for reuse.
	MaxPooled = 1 << (minShift + classShift*(numClasses-1))
)

var classes [numClasses]sizedPool

// sizedPool is aligned to 8 bytes, which bytebufferpool's counters need on 32-bit systems and would
// not have in an array.
type sizedPool struct {
	_ [0]atomic.Int64
	bytebufferpool.Pool
}

// classFor returns the smallest class whose buffers hold size bytes, and
// numClasses if none does.
func classFor(size int) int {
	if size <= 1<<minShift {
		return 0
	}
	if size > MaxPooled {
		return numClasses
	}
	return (bits.Len(uint(size-1)) - minShift + classShift - 1) / classShift
}

func classSize(class int) int { return 1 << (minShift + classShift*class) }

// take returns an empty buffer with exactly the capacity of its class.
func take(class int) *bytebufferpool.ByteBuffer {
	bb := classes[class].Get()
	if cap(bb.B) != classSize(class) {
		bb.B = make([]byte, 0, classSize(class))
	}
	return bb
}

// give returns a buffer to its class. bytebufferpool learns the size to keep from len at Put:
// truncating first would teach it that every buffer is tiny.
func give(class int, bb *bytebufferpool.ByteBuffer) {
	bb.B = bb.B[:classSize(class)]
	poison(bb.B)
	classes[class].Put(bb)
}
