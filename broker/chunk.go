package broker

import "sync"

// chunk is the memory of a ring, in which every element is zero when nobody has it.
type chunk[T element[T]] struct{ mem []T }

// chunks are the free ones by size, from firstRing on.
type chunks[T any] [10]sync.Pool

// class returns where chunks of that size are, nil if they are not kept.
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

// The pools of all rings there are.
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
