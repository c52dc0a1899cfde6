package broker

// ring is a double-ended queue. Its zero value is empty. It keeps its memory while
// it is in use, so that a steady flow does not allocate.
type ring[T any] struct {
	buf  []T // its length is a power of two
	head int
	n    int
}

// keptRing is how large a ring may be when it is empty; a larger one is dropped.
const keptRing = 4096

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

func (r *ring[T]) pushFront(v T) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.head = (r.head - 1) & (len(r.buf) - 1)
	r.n++
	r.buf[r.head] = v
}

func (r *ring[T]) popFront() T {
	var zero T
	p := r.at(0)
	v := *p
	*p = zero
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	if r.n == 0 && len(r.buf) > keptRing {
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
	buf := make([]T, max(2*len(r.buf), 8))
	for i := range r.n {
		buf[i] = *r.at(i)
	}
	r.buf, r.head = buf, 0
}
