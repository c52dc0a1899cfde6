package parser

// BufferSource lends the memory for unfinished frames.
type BufferSource interface {
	// Get returns a slice of length 0 and a capacity of at least size.
	Get(size int) []byte
	// Put takes back what Get returned, whatever its length is now. The caller does not use it
	// again.
	Put(buf []byte)
}

const (
	// minCarry is the minimum capacity of a carry.
	minCarry = 512
	// maxReserve caps the memory reserved for an announced content-length.
	maxReserve = 64 << 10
)

// carry holds the bytes of a frame that straddles chunks. It has memory only while there is such a
// frame.
type carry struct {
	bytes []byte
}

// add appends more. expected is the size that the whole frame will reach, 0 if it is not known. The
// peer announces it, so memory follows the bytes that arrive; expected only saves growing in small
// steps.
func (c *carry) add(src BufferSource, more []byte, expected int) {
	need := len(c.bytes) + len(more)
	if need > cap(c.bytes) {
		size := max(2*cap(c.bytes), need, minCarry)
		if expected > 0 {
			size = max(min(expected, max(size, maxReserve)), need)
		}
		c.move(src, size)
	}
	c.bytes = append(c.bytes, more...)
}

func (c *carry) move(src BufferSource, size int) {
	var next []byte
	if src != nil {
		next = src.Get(size)[:0]
	} else {
		next = make([]byte, 0, size)
	}
	next = append(next, c.bytes...)
	c.release(src)
	c.bytes = next
}

// drop removes the first n bytes.
func (c *carry) drop(n int) { c.bytes = c.bytes[:copy(c.bytes, c.bytes[n:])] }

func (c *carry) release(src BufferSource) {
	if src != nil && c.bytes != nil {
		src.Put(c.bytes)
	}
	c.bytes = nil
}
