package pool

import (
	"sync"
	"sync/atomic"

	"github.com/valyala/bytebufferpool"
)

// Buffer is a byte slice with reference counting. Append to B and reslice it freely; if append
// moves it to a larger array, the pooled array is still what goes back.
type Buffer struct {
	// B are the bytes. Valid until the last reference is released.
	B []byte

	refs  atomic.Int32
	class int
	bb    *bytebufferpool.ByteBuffer // nil when the buffer is too large to pool
}

var (
	headers = sync.Pool{New: func() any { return new(Buffer) }}
	inUse   atomic.Int64
)

// Get returns an owned, empty buffer with capacity for size bytes and one reference. In steady
// state it does not allocate for sizes up to [MaxPooled].
func Get(size int) *Buffer {
	b := headers.Get().(*Buffer)
	b.class = classFor(size)
	if b.class < numClasses {
		b.bb = take(b.class)
		b.B = b.bb.B[:0]
	} else {
		b.B = make([]byte, 0, size)
	}
	b.refs.Store(1)
	inUse.Add(1)
	return b
}

// Retain adds a reference.
func (b *Buffer) Retain() {
	if b.refs.Add(1) <= 1 {
		panic("pool: Retain after the last Release")
	}
}

// Release releases one reference. After the last one the buffer must not be used. One Release too
// many is a bug in the caller and panics.
func (b *Buffer) Release() {
	switch n := b.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("pool: Release without a reference")
	}
	if b.bb != nil {
		give(b.class, b.bb)
	}
	b.B, b.bb = nil, nil
	inUse.Add(-1)
	headers.Put(b)
}

// Grow makes room for n more bytes after len(B), and moves the contents to a larger pooled array if
// necessary.
func (b *Buffer) Grow(n int) {
	need := len(b.B) + n
	if need <= cap(b.B) {
		return
	}
	need = max(need, 2*cap(b.B))
	old, oldClass := b.bb, b.class
	var grown []byte
	if b.class = classFor(need); b.class < numClasses {
		b.bb = take(b.class)
		grown = b.bb.B[:0]
	} else {
		b.bb = nil
		grown = make([]byte, 0, need)
	}
	b.B = append(grown, b.B...)
	if old != nil {
		give(oldClass, old)
	}
}

// InUse returns how many buffers of the process are not released. Tests compare it with the value
// from before.
func InUse() int64 { return inUse.Load() }
