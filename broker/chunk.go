package broker

import "sync"

// chunk is the memory of a ring. Every element of a free chunk is zero.
type chunk[T element[T]] struct{ mem []T }

// chunks are pools of free chunks by size, from firstRing on.
type chunks[T any] [10]sync.Pool

// class returns the pool of chunks of that size, nil if they are not kept.
func (b *chunks[T]) class(size int) *sync.Pool {
	for i := range b {
		if size == firstRing<<i {
			return &b[i]
		}
	}
	return nil
}

func newChunk[T element[T]](size int) *chunk[T] {
	var of T
	if class := of.chunks().class(size); class != nil {
		if b, _ := class.Get().(*chunk[T]); b != nil {
			return b
		}
	}
	return &chunk[T]{make([]T, size)}
}

func (b *chunk[T]) free() {
	var of T
	if class := of.chunks().class(len(b.mem)); class != nil {
		class.Put(b)
	}
}

// The pools of all rings.
var (
	messageChunks  chunks[*message]
	deliveryChunks chunks[delivery]
	lateChunks     chunks[late]
)

func (*message) chunks() *chunks[*message] { return &messageChunks }
func (delivery) chunks() *chunks[delivery] { return &deliveryChunks }
func (late) chunks() *chunks[late]         { return &lateChunks }

var (
	_ element[*message] = (*message)(nil)
	_ element[delivery] = delivery{}
	_ element[late]     = late{}
)
