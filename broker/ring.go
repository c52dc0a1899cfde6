package broker

// ring is a FIFO queue. The zero value is empty. An empty ring keeps little memory and returns the
// rest to a pool. So a steady flow does not allocate, and an idle queue does not keep the memory of
// its longest backlog.
type ring[T element[T]] struct {
	buf   []T // its length is a power of two
	chunk *chunk[T]
	head  int
	n     int
}

// element is the type of a ring's elements. It provides the pool, because a generic type cannot
// have package variables.
type element[T any] interface{ chunks() *chunks[T] }

const (
	firstRing = 8  // initial capacity
	keptRing  = 32 // capacity that an empty ring may keep
)

func (r *ring[T]) len() int { return r.n }

// at returns a pointer to element i, counted from the front.
func (r *ring[T]) at(i int) *T { return &r.buf[(r.head+i)&(len(r.buf)-1)] }

func (r *ring[T]) pushBack(v T) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.n++
	*r.at(r.n - 1) = v
}

func (r *ring[T]) popFront() T {
	var zero T
	p := r.at(0)
	v := *p
	*p = zero
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	if r.n == 0 && len(r.buf) > keptRing {
		r.chunk.free()
		*r = ring[T]{}
	}
	return v
}

// truncate keeps the first n elements.
func (r *ring[T]) truncate(n int) {
	var zero T
	for r.n > n {
		r.n--
		*r.at(r.n) = zero
	}
}

func (r *ring[T]) grow() {
	c := newChunk[T](max(2*len(r.buf), firstRing))
	larger := ring[T]{buf: c.mem, chunk: c, n: r.n}
	for i := range r.n {
		larger.buf[i] = *r.at(i)
	}
	if r.chunk != nil {
		clear(r.buf)
		r.chunk.free()
	}
	*r = larger
}
